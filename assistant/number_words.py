"""Words that are numbers or say of what: tables for `quantities.py`, written by hand."""

SMALL = {
    word: value
    for value, words in enumerate(
        """zero;one;two both;three;four;five;six;seven;eight;nine;ten;eleven;twelve dozen;thirteen;
        fourteen;fifteen;sixteen;seventeen;eighteen;nineteen""".split(";")
    )
    for word in words.split()
}
TENS = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
SCALES = {
    "hundred": 100.0,
    "thousand": 1e3,
    "k": 1e3,
    "million": 1e6,
    "mn": 1e6,
    "m": 1e6,
    "billion": 1e9,
    "bn": 1e9,
    "b": 1e9,
    "trillion": 1e12,
}
ORDINALS = {
    word: value
    for value, word in enumerate(
        """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
        thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth
        twentieth""".split(),
        1,
    )
}
FRACTIONS = {"half": 0.5, "halves": 0.5, "third": 1 / 3, "thirds": 1 / 3, "quarter": 0.25}
FRACTIONS |= {"quarters": 0.25, "fourths": 0.25, "fifths": 0.2, "sixths": 1 / 6, "tenths": 0.1}
TIMES = {"twice": 2.0, "thrice": 3.0, "double": 2.0, "doubled": 2.0, "tripled": 3.0, "pair": 2.0}
TIMES |= {"couple": 2.0, "triple": 3.0, "quadrupled": 4.0}
MONTHS = {
    name: value
    for value, names in enumerate(
        """january jan;february feb;march mar;april apr;may;june jun;july jul;august aug;
        september sept sep;october oct;november nov;december dec""".split(";"),
        1,
    )
    for name in names.split()
}
DECADES = {
    name: 1900.0 + 10 * value
    for value, name in enumerate("twenties thirties forties fifties sixties".split(), 2)
} | {"seventies": 1970.0, "eighties": 1980.0, "nineties": 1990.0}
_UNIT_NAMES: dict[str, dict[str, float]] = {
    "%": {"% percent pct percentage": 1},
    "s": {
        "seconds sec secs": 1,
        "minute minutes min mins": 60,
        "hour hours hr hrs": 3600,
        "day days": 86400,
        "week weeks": 604800,
        "fortnight fortnights": 1209600,
        "month months": 2629800,
        "year years": 31557600,
        "decade decades": 315576000,
    },
    "m": {
        "mm millimetres millimeters": 0.001,
        "cm centimetre centimetres centimeter centimeters": 0.01,
        "metre metres meter meters": 1,
        "km kilometre kilometres kilometer kilometers": 1000,
        "mile miles": 1609.344,
        "foot feet ft": 0.3048,
        "inch inches": 0.0254,
    },
    "g": {
        "mg milligram milligrams milligrammes": 0.001,
        "g gram grams gramme grammes": 1,
        "kg kilo kilos kilogram kilograms kilogrammes": 1000,
        "tonne tonnes ton tons": 1e6,
        "pound": 453.6,
        "ounce ounces oz": 28.35,
    },
    "l": {
        "ml millilitre millilitres milliliter milliliters": 0.001,
        "litre litres liter liters": 1,
        "tablespoon tablespoons tbsp": 0.015,
        "teaspoon teaspoons tsp": 0.005,
    },
    "usd": {"dollar dollars usd us$": 1},
    "eur": {"euro euros eur": 1},
    "gbp": {"gbp sterling": 1},
    "jpy": {"yen jpy": 1},
}
UNITS = {
    name: (base, factor)
    for base, names in _UNIT_NAMES.items()
    for spelled, factor in names.items()
    for name in spelled.split()
}
NUMBER_WORDS = frozenset(
    word
    for table in (SMALL, TENS, SCALES, ORDINALS, FRACTIONS, TIMES, MONTHS, DECADES)
    for word in table
    if len(word) > 2 and word not in {"may", "march", "second", "first", "half"}
)
"""Words that are read as quantities, so that nobody counts them a second time as words."""

SIGNS = {"$": "usd", "€": "eur", "£": "gbp", "¥": "jpy"}
MORE = {"over", "above", "exceeding", "than", "least", "minimum"}
ROUGH = {"about": "~", "around": "~", "approximately": "~", "roughly": "~", "some": "~"}
ROUGH |= {"nearly": "<", "almost": "<", "under": "<", "below": "<", "circa": "~", "most": "<"}
ROUGH |= dict.fromkeys(MORE, ">") | {"close": "~", "up": "<", "fewer": "<", "less": "<"}
