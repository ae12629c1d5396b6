"""Reads exports with software that nobody here wrote.

    python tests/exports.py CHECK FOLDER [--schemas DIR] [--every N]

FOLDER holds records/<id>/<export>. Prints `<n> valid`, or what is wrong and exits 1. CHECK names
the format; each runs in the environment that .ci/install made for it. Nothing is fetched.
"""

import argparse
import itertools
import json
import pathlib
import re
import socket
import sys
import xml.etree.ElementTree as ElementTree


def marcxml(path, schemas):
    """pymarc, and the patterns of MARC21slim.xsd, which is in no registry."""
    import pymarc

    root = ElementTree.parse(path).getroot()
    ns = "{http://www.loc.gov/MARC21/slim}"
    assert root.tag == ns + "record", root.tag
    leader = root.find(ns + "leader").text
    pattern = r"[\d ]{5}[\dA-Za-z ][\dA-Za-z][\dA-Za-z ]{3}(2| )(2| )[\d ]{5}[\dA-Za-z ]{3}(4500|    )"
    assert re.fullmatch(pattern, leader), leader
    for field in root.findall(ns + "controlfield"):
        assert re.fullmatch(r"00[1-9A-Za-z]", field.get("tag"))
    assert len(root.find(f"{ns}controlfield[@tag='008']").text) == 40
    for field in root.findall(ns + "datafield"):
        assert re.fullmatch(r"(0([1-9A-Z][0-9A-Z])|0([1-9a-z][0-9a-z]))|(([1-9A-Z][0-9A-Z]{2}))", field.get("tag"))
        for indicator in ("ind1", "ind2"):
            assert re.fullmatch(r"[\da-z ]", field.get(indicator)), ElementTree.tostring(field)
        assert len(field) > 0
        for subfield in field:
            assert re.fullmatch(r"[\da-z]", subfield.get("code"))
            assert subfield.text
    [record] = pymarc.parse_xml_to_array(str(path))
    assert record.title
    assert record["001"].data
    assert len(record.get_fields("245")) == 1
    assert len(record.get_fields("100", "110")) <= 1
    # ISO 2709 counts the bytes of a field in four digits and of a record in five; XML does not.
    if len(path.read_bytes()) < 50_000 and all(len(str(field).encode()) < 9_000 for field in record):
        again = next(iter(pymarc.MARCReader(record.as_marc())))
        assert again.title == record.title


SHAPES = {}


def dcat(path, schemas):
    """rdflib, and the official SHACL shapes with pyshacl."""
    import pyshacl
    import rdflib

    graph = rdflib.Graph().parse(path, format="xml")
    dcat_ns = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    datasets = list(graph.subjects(rdflib.RDF.type, dcat_ns.Dataset))
    assert len(datasets) == 1, datasets
    for part in graph:
        for term in part:
            if isinstance(term, rdflib.Literal):
                assert not term.ill_typed, term
    if schemas is not None:
        if not SHAPES:
            file = schemas / "official/dcat-ap-3.0.1/dcat-ap-SHACL.ttl"
            SHAPES["graph"] = rdflib.Graph().parse(file)
        conforms, _, text = pyshacl.validate(graph, shacl_graph=SHAPES["graph"], inference="none")
        assert conforms, text


def geojson(path, schemas):
    import geojson as library

    collection = library.loads(path.read_text())
    assert collection.type == "FeatureCollection"
    assert collection.is_valid, collection.errors()
    assert collection.features
    for feature in collection.features:
        assert "geometry" in feature and "properties" in feature


def context(schemas, name):
    key = str(name)
    if key not in SHAPES:
        SHAPES[key] = json.loads((schemas / "registry" / name).read_text())["@context"]
    return SHAPES[key]


def keys(value):
    """Every member name of a document but JSON-LD keywords."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not key.startswith("@"):
                yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def json_ld(path, schemas, name):
    """Parsed by rdflib under the real context; no term that the context does not define."""
    import rdflib

    document = json.loads(path.read_text())
    known = context(schemas, name)
    # `funding` came to schema.org in version 13.
    unknown = {key for key in keys(document) if key not in known} - {"funding"}
    assert not unknown, unknown
    graph = rdflib.Graph()
    graph.parse(data=json.dumps({**document, "@context": known}), format="json-ld")
    assert len(graph) > 3
    return document, graph


def schema_org(path, schemas):
    document, _ = json_ld(path, schemas, "jsonld-contexts/schemaorgcontext-12.0.jsonld")
    if document["@type"] == "Dataset":
        google(document)


def google(document):
    """Google's Dataset rules: required and recommended properties in the form they ask for.

    https://developers.google.com/search/docs/appearance/structured-data/dataset
    """
    address = re.compile(r"(https?|ftp)://\S+")
    assert document.get("name"), "no name"
    # A record that says nothing but its title cannot be described at length.
    assert 0 < len(document["description"]) <= 5000
    rich = "creator" in document and len(document["name"]) > 20
    assert len(document["description"]) >= 50 or not rich, document["description"]
    assert address.fullmatch(document["url"])
    for identifier in document.get("identifier", []):
        assert isinstance(identifier, str) or identifier["value"]
    for licence in document.get("license", []):
        assert address.fullmatch(licence) if isinstance(licence, str) else licence["name"]
    for creator in document.get("creator", []):
        assert creator["@type"] in ("Person", "Organization") and creator["name"]
        assert all(address.fullmatch(url) for url in creator.get("sameAs", []))
        if "@id" in creator:
            assert creator["@id"] in creator["sameAs"]
    for file in document.get("distribution", []):
        assert file["@type"] == "DataDownload" and address.fullmatch(file["contentUrl"])
        assert "/" in file.get("encodingFormat", "/")
    for place in document.get("spatialCoverage", []):
        geo = place.get("geo", {})
        assert place.get("name") or geo
        if geo.get("@type") == "GeoCoordinates":
            assert -90 <= geo["latitude"] <= 90 and -180 <= geo["longitude"] <= 180
    for period in document.get("temporalCoverage", []):
        assert re.fullmatch(r"(\d{4}(-\d\d(-\d\d)?)?|\.\.)(/(\d{4}(-\d\d(-\d\d)?)?|\.\.))?", period)
    catalogue = document["includedInDataCatalog"]
    assert catalogue["@type"] == "DataCatalog" and catalogue["name"] and catalogue["url"]
    assert isinstance(document.get("isAccessibleForFree", True), bool)


def codemeta(path, schemas):
    document, graph = json_ld(path, schemas, "../registry/codemeta/codemeta.jsonld")
    assert document["@context"] == "https://w3id.org/codemeta/3.0"
    assert document["@type"] == "SoftwareSourceCode"


def ro_crate(path, schemas):
    """ro-crate-py reads it; the shapes of the RO-Crate validator for 1.1 hold."""
    name = "jsonld-contexts/ro-crate-1.1-context.json"
    document, _ = json_ld(path, schemas, name)
    ids = [entity["@id"] for entity in document["@graph"]]
    assert len(ids) == len(set(ids)), "an entity stands twice"
    from rocrate.rocrate import ROCrate

    # The library takes apart what it is given.
    crate = ROCrate(json.loads(path.read_text()))
    assert crate.name and crate.datePublished
    validator(document, schemas / "registry" / name)


def validator(document, context_file):
    """The validator wants to fetch the context; it gets the file."""
    from rocrate_validator import models, services
    from rocrate_validator.utils.http import HttpRequester

    text = context_file.read_text()

    class Answer:
        status_code = 200
        headers = {"Content-Type": "application/ld+json"}

        def __init__(self):
            self.text, self.content = text, text.encode()

        def json(self):
            return json.loads(text)

    HttpRequester.get = lambda self, url, **more: Answer()
    settings = services.ValidationSettings(
        rocrate_uri=".",
        profile_identifier="ro-crate-1.1",
        requirement_severity=models.Severity.REQUIRED,
        metadata_only=True,
        skip_availability_check=True,
    )
    result = services.validate_metadata_as_dict(document, settings)
    issues = result.get_issues(models.Severity.REQUIRED)
    assert not issues, [issue.message for issue in issues]


def cff(path, schemas):
    import cffconvert

    cffconvert.Citation(path.read_text()).validate()


def datapackage(path, schemas):
    import frictionless

    descriptor = json.loads(path.read_text())
    assert descriptor["$schema"].endswith("/2.0/datapackage.json")
    errors = list(frictionless.Package.metadata_validate(descriptor))
    assert not errors, errors
    package = frictionless.Package.from_descriptor(descriptor)
    assert len(package.resources) == len(descriptor["resources"])
    for resource in descriptor["resources"]:
        assert re.fullmatch(r"[-a-z0-9._/]+", resource["name"])


def linkset(path, schemas):
    """PyPI signposting reads every link."""
    from signposting import linkset as reader

    text = path.read_text()
    landing = json.loads(text)["linkset"][0]
    read = reader._parse_linkset_json(
        reader.LinksetJSON(text, "application/linkset+json", landing["anchor"], landing["anchor"])
    )
    found = read.for_context(landing["anchor"])
    assert found.citeAs.target == landing["cite-as"][0]["href"]
    for rel, links in (
        ("author", found.authors),
        ("item", found.items),
        ("license", found.license and [found.license]),
        ("type", found.types),
        ("describedby", found.describedBy),
    ):
        # The reader keeps one licence.
        wanted = {link["href"] for link in landing.get(rel, [])}
        got = {link.target for link in links or []}
        assert got == wanted or rel == "license" and got <= wanted, (rel, wanted, got)


CHECKS = {
    "cff": ("CITATION.cff", cff),
    "codemeta": ("codemeta.json", codemeta),
    "datapackage": ("datapackage.json", datapackage),
    "dcat-ap": ("dcat.xml", dcat),
    "geojson": ("locations.geojson", geojson),
    "linkset": ("linkset.json", linkset),
    "marcxml": ("marc.xml", marcxml),
    "ro-crate": ("ro-crate-metadata.json", ro_crate),
    "schema-org": ("schema-org.jsonld", schema_org),
}


def no_network(*args, **kwargs):
    raise OSError("a check went to the network")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("check", choices=CHECKS)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--schemas", type=pathlib.Path)
    parser.add_argument("--every", type=int, default=1)
    arguments = parser.parse_args()
    socket.create_connection = socket.socket.connect = no_network
    name, check = CHECKS[arguments.check]
    paths = sorted(arguments.folder.glob(f"records/*/{name}"))
    valid = 0
    for path in itertools.islice(paths, 0, None, arguments.every):
        try:
            check(path, arguments.schemas)
            valid += 1
        except Exception as error:  # whatever a reader raises, the file is named
            print(f"{path}: {type(error).__name__}: {error}", file=sys.stderr)
            sys.exit(1)
    print(f"{valid} valid")


main()
