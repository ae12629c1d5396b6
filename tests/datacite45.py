"""Validate DataCite JSON lines with the `datacite` package's 4.5 schema.

Terms that are newer than 4.5 are listed here and taken out before the check;
anything else that the schema does not know fails.
"""

import json
import sys

from datacite import schema45

NEW_GENERAL = {"Award", "Project", "Poster", "Presentation"}
NEW_RELATIONS = {"HasTranslation", "IsTranslationOf", "Other"}
NEW_IDENTIFIERS = {"CSTR", "RRID", "RAiD", "SWHID"}
NEW_CONTRIBUTORS = {"Translator"}
NEW_DATES = {"Coverage"}


def down_to_45(record):
    if record["types"]["resourceTypeGeneral"] in NEW_GENERAL:
        record["types"]["resourceTypeGeneral"] = "Other"
    for key in ("relatedIdentifiers", "relatedItems"):
        kept = []
        for item in record.get(key, []):
            if item.get("resourceTypeGeneral") in NEW_GENERAL:
                item["resourceTypeGeneral"] = "Other"
            if item.get("relationType") in NEW_RELATIONS:
                continue
            if item.get("relatedIdentifierType") in NEW_IDENTIFIERS:
                continue
            kept.append(item)
        if key in record:
            record[key] = kept
    record["contributors"] = [
        c for c in record.get("contributors", []) if c["contributorType"] not in NEW_CONTRIBUTORS
    ]
    record["dates"] = [d for d in record.get("dates", []) if d["dateType"] not in NEW_DATES]
    return {key: value for key, value in record.items() if value != []}


def main(path):
    valid = 0
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record = down_to_45(json.loads(line))
            errors = [
                f"{'/'.join(map(str, e.path))}: {e.message}"[:300]
                for e in schema45.validator.iter_errors(record)
            ]
            if errors:
                sys.exit(f"{record.get('doi')}: {errors[:5]}")
            valid += 1
    print(valid, "valid")


main(sys.argv[1])
