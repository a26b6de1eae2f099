"""Names that columns go by in exports: English, German, Spanish and French, and vendors' own."""

import re
import unicodedata

# Our name -> names in exports, as `plain` writes them; of several that fit the first counts.
NAMES: dict[str, str] = {
    "contact_id": "contact id, call id, conversation id, call uuid, unique id, uniqueid, ucid, "
    "session id, task sid, call sid, sid, record id, interaction id, segment id, ticket id, "
    "ticket number, case number, case id, anruf id, kontakt id, vorgangs id, vorgangsnummer, "
    "id llamada, id de llamada, id contacto, id appel, identifiant appel, numero appel, id",
    "interaction_id": "interaction id, master contact id, initial contact id, root call id, "
    "linked id, linkedid, parent call id, call group id, conversation id",
    "customer_id": "customer id, customer number, customer no, customer, cust id, cust, "
    "account id, account number, client id, member id, subscriber id, requester id, user account, "
    "kunden id, kundennummer, kundennr, kunden nr, kunde, id cliente, numero cliente, cliente, "
    "numero client, id client, client, crm id, contact key",
    "ani": "ani, caller id, caller number, caller, calling number, calling party, "
    "calling party number, from number, from phone number, from, phone number, phone, telephone, "
    "telephone number, cli, clid, source number, origination number, customer phone, msisdn, src, "
    "caller phone number, caller phone, rufnummer, anrufernummer, rufnummer anrufer, "
    "rufnummer des anrufers, anrufer rufnummer, anrufer nummer, nummer des anrufers, anrufer, "
    "telefonnummer, telefonnummer anrufer, telefon, telefono, numero origen, numero telefono, "
    "numero de telefono, numero appelant, appelant, customer endpoint address",
    "started_at": "started at, start time, start date time, start datetime, start timestamp, "
    "start date, start, call start, call start time, call start date time, contact start time, "
    "contact start, conversation start, initiation timestamp, begin time, begin, begin date, "
    "created at, created date, created on, create date, creation date, created, opened at, "
    "call date time, date time, datetime, timestamp, call date, arrival time, call time, date, "
    "startzeit, startzeitpunkt, anrufbeginn, beginn, start datum, erstellt am, erstellt, "
    "eingangszeit, zeitpunkt, datum uhrzeit, datum, fecha inicio, fecha hora inicio, "
    "fecha de inicio, hora inicio, inicio, fecha hora, fecha, date debut, date heure debut, "
    "heure debut, debut, date heure, date appel, calldate",
    "ended_at": "ended at, end time, end date time, end datetime, end timestamp, end date, end, "
    "call end, call end time, call end date time, contact end time, contact end, "
    "conversation end, disconnect timestamp, disconnect time, hangup time, finish time, "
    "finished at, stop time, endzeit, endzeitpunkt, anrufende, ende, fecha fin, fecha hora fin, "
    "fecha de fin, hora fin, fin, date fin, date heure fin, heure fin",
    "known_at": "known at, updated at, last update timestamp, last updated, last modified date, "
    "last modified, modified at, modified, system modstamp, sys updated on, geaendert am, "
    "aktualisiert am, actualizado, fecha actualizacion, mis a jour, date modification",
    "ended_after": "duration, call duration, total duration, contact duration, total time, "
    "call duration in seconds, length, call length, dauer, gesamtdauer, anrufdauer, duracion, "
    "duracion llamada, duracion total, duree, duree appel, duree totale",
    "program": "program, campaign, campaign name, client name, brand, business unit, mandant, "
    "projekt, kampagne, auftraggeber, campana, campagne, projet",
    "channel": "channel, media type, media type name, media, mediatype, contact type, "
    "contact channel, origin, via, via channel, kanal, medium, canal, medio, tipo contacto, "
    "type contact",
    "direction": "direction, call direction, originating direction, call type, initiation method, "
    "richtung, anrufrichtung, direccion, sentido, sens, sens appel",
    "handled": "handled, answered, served, is answered, connected, angenommen, beantwortet, "
    "atendida, contestada, atendido, repondu, traite, decroche",
    "abandoned": "abandoned, is abandoned, abandon, abgebrochen, aufgelegt, abandonada, "
    "abandonado, abandonne",
    "queue": "queue, queue name, skill, skill name, skill no, skillset, split, acd group, "
    "assignment group, hunt group, group name, warteschlange, hotline, gruppe, cola, "
    "nombre cola, servicio, file, file attente, file d attente",
    "agent_id": "agent id, agent, agent username, agent name, agent login, agent no, worker sid, "
    "worker name, employee id, employee, operator, representative, rep, assignee id, assignee, "
    "assigned to, user id, user, username, mitarbeiter, bearbeiter, agente, id agente, operador, "
    "conseiller, id conseiller, operateur",
    "team": "team, team name, agent team, agent group, supervisor, equipo, equipe",
    "site": "site, location, site name, call center, center, standort, sitio, sede, centre",
    "reason": "reason, contact reason, call reason, reason code, reason for call, call driver, "
    "driver, intent, topic, category, issue type, issue, problem type, inquiry type, grund, "
    "kontaktgrund, anrufgrund, anliegen, kategorie, thema, motivo, motivo llamada, motivo de "
    "contacto, categoria, tipologia, motif, motif appel, raison, categorie",
    "case_id": "case id, case number, case, case no, ticket id, ticket number, ticket, incident, "
    "incident number, vorgang, vorgangsnummer, fall, fallnummer, caso, numero caso, dossier, "
    "numero dossier, related record id",
    "disposition": "disposition, disposition code, disposition name, wrap up code, wrapup code, "
    "wrap up name, wrapup, outcome, call result, result, call outcome, ergebnis, abschlusscode, "
    "resultado, tipificacion, resultat, qualification, status",
    "wait_s": "wait, wait time, waiting time, queue time, time in queue, in queue, queue duration, "
    "queue wait time, speed of answer, ring time, wartezeit, wartedauer, tiempo espera, "
    "tiempo de espera, espera, attente, temps attente, temps d attente, duree attente",
    "talk_s": "talk, talk time, talk duration, conversation time, agent time, t talk, billsec, "
    "agent interaction duration, agent talk time, handle time, gespraechszeit, gespraechsdauer, "
    "sprechzeit, sprechdauer, tiempo conversacion, tiempo de conversacion, tiempo hablado, "
    "temps conversation, duree conversation, temps de parole",
    "hold_s": "hold, hold time, hold duration, customer hold duration, on hold, t held, "
    "haltezeit, haltedauer, tiempo retencion, tiempo en retencion, mise en attente, temps garde",
    "wrap_s": "wrap, wrap time, wrap up time, wrap up, acw, acw time, after call work, "
    "after call work time, after contact work, after contact work duration, t acw, "
    "nachbearbeitung, nachbearbeitungszeit, nachbearbeitungsdauer, tiempo acw, "
    "tiempo post llamada, post appel, temps post appel, post traitement",
    "hold_count": "hold count, number of holds, holds, anzahl halten, numero retenciones",
    "transfer_count": "transfer count, number of transfers, transfers, n transferred, "
    "reassignment count, weiterleitungen, anzahl weiterleitungen, transferencias, transferts",
    "tier": "tier, support tier, support level, level, stufe, nivel, niveau",
    "escalated": "escalated, is escalated, escalation, eskaliert, eskalation, escalado, escalada, "
    "escale, escalade",
    "csat": "csat, csat score, satisfaction, satisfaction score, customer satisfaction, "
    "zufriedenheit, satisfaccion",
    "nps": "nps, nps score, likelihood to recommend, weiterempfehlung, recomendacion",
    "ces": "ces, ces score, customer effort, customer effort score",
    "survey_resolved": "survey resolved, issue resolved, was your issue resolved",
    "agent_resolved": "agent resolved, resolved, is resolved, fcr, first call resolution, "
    "call resolution, solved, geloest, erledigt, resuelto, resuelta, resolu",
    "dropped": "dropped, line lost, call dropped",
    "notes": "notes, note, comments, comment, remarks, remark, summary, description, subject, "
    "notiz, notizen, bemerkung, bemerkungen, kommentar, observaciones, comentario, comentarios, "
    "commentaire, commentaires, remarques",
}
UNITS = {
    "milliseconds": ("ms", "msec", "millis", "milliseconds", "millisekunden", "milisegundos"),
    "seconds": ("s", "sec", "secs", "seconds", "sek", "sekunden", "segundos", "secondes"),
    "minutes": ("min", "mins", "minutes", "minuten", "minutos"),
}
ASIDE = ("utc", "gmt", "local", "in", "en", "hh", "mm", "ss")


def plain(name: str) -> str:
    """Write a name in small letters without accents, its words apart, its unit left out.

    Examples
    --------
    >>> plain("Queue.EnqueueTime_UTC"), plain("Gesprächsdauer (Sek.)"), plain("tTalkMs")
    ('queue enqueue time', 'gespraechsdauer', 't talk')
    """
    return " ".join(word for word in _words(name) if word not in ASIDE and not _unit(word))


def unit_of(name: str) -> str | None:
    """Give the unit that a name tells: seconds, milliseconds, minutes, or None."""
    return next((unit for word in _words(name)[1:] if (unit := _unit(word))), None)


def _words(name: str) -> list[str]:
    for letter, written in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("Ä", "Ae")):
        name = name.replace(letter, written)
    name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    name = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", name)
    return re.findall(r"[a-z0-9]+", name.lower())


def _unit(word: str) -> str | None:
    return next((unit for unit, words in UNITS.items() if word in words), None)


def rank(name: str, ours: str) -> int | None:
    """Tell how well a column's name fits one of ours: 0 is best, None not at all.

    Examples
    --------
    >>> rank("Startzeit", "started_at") < rank("Datum", "started_at")
    True
    >>> rank("Agent.Username", "agent_id"), rank("Colour", "agent_id")
    (2, None)
    """
    known = NAMES[ours].split(", ")
    written = plain(name)
    if written == plain(ours):
        return 0
    last = plain(name.rpartition(".")[2])
    for words, penalty in ((written, 0), (last, len(known))):
        if words in known:
            return known.index(words) + penalty
    return None
