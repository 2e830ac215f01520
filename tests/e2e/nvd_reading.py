"""An independent reading of NVD's documents: {CVE: (severity, metadata)}, None for what has no rating."""
import json
import xml.etree.ElementTree as ElementTree

V2_SCALE = [(1, "Negligible"), (3.9, "Low"), (6.9, "Medium"), (8.9, "High"), (10.1, "Critical")]
V3_SCALE = [(0.05, "Negligible"), (4, "Low"), (7, "Medium"), (9, "High"), (10.1, "Critical")]


def on(scale, score):
    return next(word for bound, word in scale if score < bound)


def best(metrics, lists):
    """The primary one before secondary ones, then by the order of the lists."""
    ratings = [rating for name in lists for rating in metrics.get(name, [])]
    return min(ratings, key=lambda rating: rating["type"] != "Primary", default=None)


def result(published, v2, v3, v4):
    """Of (vector, score, exploitability, impact) or None each."""
    metadata = {}
    if v2:
        metadata["CVSSv2"] = {"Vectors": v2[0], "Score": v2[1]}
    if v3:
        metadata["CVSSv3"] = {"Vectors": v3[0], "Score": v3[1], "ExploitabilityScore": v3[2], "ImpactScore": v3[3]}
    if v4:
        metadata["CVSSv4"] = {"Vectors": v4[0], "Score": v4[1]}
    if not metadata:
        return None
    if published:
        metadata.get("CVSSv2", metadata)["PublishedDateTime"] = published
    severity = on(V3_SCALE, (v3 or v4)[1]) if v3 or v4 else on(V2_SCALE, v2[1])
    return severity, metadata


def json_20(document):
    out = {}
    for entry in json.loads(document)["vulnerabilities"]:
        cve = entry["cve"]
        metrics = {} if cve["vulnStatus"] == "Rejected" else cve.get("metrics", {})
        v2, v3, v4 = (
            r and (r["cvssData"]["vectorString"], r["cvssData"]["baseScore"], r.get("exploitabilityScore"), r.get("impactScore"))
            for r in (best(metrics, lists) for lists in (["cvssMetricV2"], ["cvssMetricV31", "cvssMetricV30"], ["cvssMetricV40"])))
        out[cve["id"]] = result(cve["published"], v2, v3, v4)
    return out


def json_11(document):
    out = {}
    for item in json.loads(document)["CVE_Items"]:
        ratings = []
        for metric, data in ("baseMetricV2", "cvssV2"), ("baseMetricV3", "cvssV3"):
            r = item["impact"].get(metric)
            ratings.append(r and (r[data]["vectorString"], r[data]["baseScore"], r["exploitabilityScore"], r["impactScore"]))
        out[item["cve"]["CVE_data_meta"]["ID"]] = result(item["publishedDate"], *ratings, None)
    return out


def xml_20(document):
    cvss = "{http://scap.nist.gov/schema/cvss-v2/0.2}"
    vuln = "{http://scap.nist.gov/schema/vulnerability/0.4}"
    letters = {"AV": "access-vector", "AC": "access-complexity", "Au": "authentication", "C": "confidentiality-impact",
               "I": "integrity-impact", "A": "availability-impact"}
    out = {}
    for entry in ElementTree.fromstring(document).findall("{http://scap.nist.gov/schema/feed/vulnerability/2.0}entry"):
        metrics = entry.find(f"{vuln}cvss/{cvss}base_metrics")
        v2 = None
        if metrics is not None:
            vector = "/".join(f"{name}:{metrics.findtext(cvss + element)[0]}" for name, element in letters.items())
            v2 = vector, float(metrics.findtext(cvss + "score"))
        out[entry.findtext(vuln + "cve-id")] = result(None, v2, None, None)
    return out
