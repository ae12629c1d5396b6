"""CPU time of the incumbent's own DataCite serializer over NDJSON records.

Usage: DIR/incumbent/bin/python incumbent.py RECORDS.jsonl [--limit N] [--out DIR]

Runs what the repository platform runs for its dumps (PyPI invenio-rdm-records: the function
behind its OAI-PMH `oai_datacite` format, a new serializer for every record), on one core,
without database, search server or web request. Vocabulary look-ups are answered from a dict
filled from the package's own fixtures and link building from a constant: both favour it.

Prints one JSON object a stage: {"name", "seconds_cpu", "records", "bytes", "failed"}.
With --out the XML archive and the JSON archive are written there, uncompressed.
"""

import argparse
import io
import json
import logging
import pathlib
import sys
import tarfile
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)


def prepare():
    """Imports the serializers and replaces what needs a running platform."""
    import yaml
    from flask import Flask
    import invenio_rdm_records
    from invenio_rdm_records import config, oai
    from invenio_rdm_records.resources.serializers.datacite import (
        DataCite45JSONSerializer,
        schema,
    )
    from invenio_vocabularies import config as vocabularies

    fixtures = pathlib.Path(invenio_rdm_records.__file__).parent / "fixtures/data/vocabularies"
    names = {
        "resourcetypes": "resource_types.yaml",
        "contributorsroles": "roles.yaml",
        "relationtypes": "relation_types.yaml",
        "datetypes": "date_types.yaml",
        "titletypes": "title_types.yaml",
        "descriptiontypes": "description_types.yaml",
    }
    props = {
        name: {item["id"]: item.get("props", {}) for item in yaml.safe_load((fixtures / file).open())}
        for name, file in names.items()
    }
    # The site that runs the platform adds this one.
    props["descriptiontypes"].setdefault("notes", {"datacite": "Other"})
    schema.get_vocabulary_props = lambda vocabulary, fields, id_: props[vocabulary][id_]
    schema.invenio_url_for = lambda *_, pid_value, **__: f"https://repository.example/communities/{pid_value}"

    app = Flask("reference")
    for module in (vocabularies, config):
        app.config.update({k: v for k, v in vars(module).items() if k.isupper()})
    app.config["RDM_DATACITE_DUMP_OPENAIRE_ACCESS_RIGHTS"] = True
    app.config["DATACITE_DATACENTER_SYMBOL"] = "EXAMPLE.REPO"
    return app, oai.oai_datacite_etree, DataCite45JSONSerializer


def stage(name, lines, work):
    """Runs `work` over the lines; one bad record is counted, not the end."""
    total = failed = 0
    begin = time.process_time()
    for line in lines:
        try:
            total += work(line)
        except Exception:  # noqa: BLE001 - any failure of the reference counts as one record
            failed += 1
    seconds = time.process_time() - begin
    report = {"name": name, "seconds_cpu": round(seconds, 4), "records": len(lines) - failed}
    print(json.dumps({**report, "bytes": total, "failed": failed}), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("records")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()

    with open(arguments.records, "rb") as file:
        lines = file.read().splitlines()[: arguments.limit]
    app, oai_datacite, json_serializer = prepare()
    from lxml import etree

    documents = {"xml": [], "json": []}

    def to_xml(record):
        tree = oai_datacite(None, {"_source": record})
        return etree.tostring(tree, encoding="UTF-8", xml_declaration=True)

    def xml(line):
        record = json.loads(line)
        body = to_xml(record)
        documents["xml"].append((record["id"] + ".xml", body))
        return len(body)

    def datacite_json(line):
        return len(json_serializer().serialize_object(json.loads(line)).encode())

    def raw_json(line):
        record = json.loads(line)
        body = json.dumps(record).encode()
        documents["json"].append((record["id"] + ".json", body))
        return len(body)

    def archive(kind):
        target = arguments.out / f"incumbent-{kind}.tar" if arguments.out else None
        with open(target, "wb") if target else io.BytesIO() as file:
            with tarfile.open(fileobj=file, mode="w|") as tar:

                def add(document):
                    name, body = document
                    member = tarfile.TarInfo(name)
                    member.size = len(body)
                    tar.addfile(member, io.BytesIO(body))
                    return 512 + (len(body) + 511) // 512 * 512

                stage(f"incumbent-{kind}-tar", documents[kind], add)

    with app.app_context():
        xml(lines[0])  # first call pays for imports
        documents["xml"].clear()
        stage("incumbent-parse", lines, lambda line: bool(json.loads(line)))
        stage("incumbent-xml", lines, xml)
        stage("incumbent-datacite-json", lines, datacite_json)
        stage("incumbent-json", lines, raw_json)
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
    archive("xml")
    archive("json")


if __name__ == "__main__":
    sys.exit(main())
