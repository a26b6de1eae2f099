"""A made-up trial of follow-ups whose effect is known: customers, stories, who is followed up."""

import numpy as np

DAY = 86_400
WINDOW = 2 * DAY
SPAN = 90 * DAY


def trial(seed, effect=0.3, customers=1_200, share=0.2, taken=0.5):
    """Give at-risk contacts by customer, and what an average follow-up of a story prevents.

    Each customer has a risk of its own, and comes out of the blue now and then. Who comes back
    within the window is at risk again. Those with the higher risk are followed up more often.
    A follow-up takes `effect` of the chance to come back away.
    """
    draw = np.random.default_rng(seed)
    risk = draw.beta(2, 4, customers)
    held = draw.random(customers) < share
    rows = []
    for who in range(customers):
        for begin in np.sort(draw.random(draw.poisson(1.5)) * SPAN):
            at, first = begin, True
            while True:
                treated = not held[who] and draw.random() < odds(risk[who], taken)
                chance = risk[who] * (1 - effect * treated)
                back = draw.random() < chance
                rows.append((who, at, at + WINDOW, held[who], treated, back, risk[who], first))
                if not back:
                    break
                at, first = at + draw.random() * WINDOW, False
    return [np.array(column) for column in zip(*rows, strict=True)]


def odds(risk, taken):
    return np.clip(taken + 0.6 * (risk - 1 / 3), 0, 1)


def truth(effect=0.3, taken=0.5):
    """Give the average effect of a story: of the lot, and on those followed up."""
    risk = np.random.default_rng(0).beta(2, 4, 400_000)
    followed = odds(risk, taken)
    return -effect * float((risk * followed).mean()), -effect * float(
        (risk * followed).mean() / followed.mean()
    )
