// Tells the server the viewer's zone, so that it writes times in it.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `recontact_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
