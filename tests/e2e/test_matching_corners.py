"""Corner cases of matching, which docs/matching.md decides: small data in the form of their publisher, small package databases."""
import importlib.util
import json
import re
import zipfile

import pytest

import feeds
import images
import server as server_module
from conftest import ROOT

RPM = ROOT / "tests/data/package/rpm"
ORACLE = ROOT / "tests/data/feed/oval/oracle-ksplice.xml"


def load_maker():
    spec = importlib.util.spec_from_file_location("make_rpm", RPM / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


maker = load_maker()


@pytest.fixture
def found(clair, tmp_path, scan):
    """found(source, location, layer, options): the finished scan, after an update from there."""
    def run(source, location, layer, options=()):
        database = tmp_path / f"{source}.db"
        if not database.exists():
            feeds.update(clair, database, source, location)
        (tmp_path / "layer.tar").write_bytes(layer)
        return scan(tmp_path / "layer.tar", options=options, db=database).targets[0]

    return run


def names(target):
    return {(v["id"], v["package"]) for v in target["vulnerabilities"]}


def states(target):
    return {v["id"]: (v["state"], v.get("fixed_in")) for v in target["vulnerabilities"]}


# --- dpkg -------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def tracker(write):
    def make(records):
        return write("tracker.json", json.dumps(records))

    return make


@pytest.mark.parametrize("version,source,hit", [
    ("1.0-2+b1", "alpha (1.0-2)", False),       # rebuilt without a change: the source has the fix
    ("1.0-1+b9", "alpha (1.0-1)", True),
    ("3:9.9-1", "alpha (1:1.0-1)", False),      # epochs are the source's own
    ("1:9.9-1", "alpha (1.0-1)", True),
    ("1.0-1", "alpha", True),
    ("1.0-1", "other", False),
])
def test_debian_compares_the_version_of_the_source(found, tracker, version, source, hit):
    location = tracker({"alpha": {"CVE-2024-0001": images.record(bookworm="1.0-2")}})
    layer = images.debian(("libalpha1", version, source))
    assert names(found("debian", location, layer)) == ({("CVE-2024-0001", "libalpha1")} if hit else set())


def test_a_binary_package_is_not_taken_for_a_source_of_its_name(found, tracker):
    location = tracker({"alpha": {"CVE-2024-0001": images.record(bookworm="9")}})
    assert names(found("debian", location, images.debian(("alpha", "1", "beta")))) == set()


@pytest.mark.parametrize("status,hit", [
    ("install ok installed", True), ("hold ok installed", True), ("install ok half-configured", True),
    ("install ok unpacked", True), ("install ok triggers-pending", True), ("deinstall ok installed", True),
    ("deinstall ok config-files", False), ("purge ok not-installed", False),
])
def test_packages_without_files_do_not_count(found, tracker, status, hit):
    location = tracker({"alpha": {"CVE-2024-0001": images.record(bookworm="1.0-2")}})
    layer = images.debian(("alpha", "1.0-1", None, "amd64", status), ("other", "1"))
    assert names(found("debian", location, layer)) == ({("CVE-2024-0001", "alpha")} if hit else set())


def test_a_package_of_two_architectures_is_one_finding(found, tracker):
    location = tracker({"alpha": {"CVE-2024-0001": images.record(bookworm="1.0-2")}})
    layer = images.debian(("alpha", "1.0-1"), ("alpha", "1.0-1", None, "i386"))
    assert len(found("debian", location, layer)["vulnerabilities"]) == 1


def test_states_of_debian(found, tracker):
    location = tracker({"alpha": {
        "CVE-2024-0001": images.record(bookworm={"nodsa": "Minor issue", "nodsa_reason": ""}),
        "CVE-2024-0002": images.record(bookworm={"nodsa": "Minor issue", "nodsa_reason": "postponed"}),
        "CVE-2024-0003": images.record(bookworm={"nodsa": "Minor issue", "nodsa_reason": "ignored"}),
        "CVE-2024-0004": images.record(bookworm={"urgency": "end-of-life"}),
        "CVE-2024-0005": images.record(bookworm={"status": "undetermined"}),
        "CVE-2024-0006": images.record(bookworm="0"),
        "CVE-2024-0007": images.record(bullseye="9"),
        "TEMP-0000000-000001": images.record(bookworm=None),
    }})
    layer = images.debian(("alpha", "1.0-1"))
    assert states(found("debian", location, layer)) == {
        "CVE-2024-0001": ("affected", None), "CVE-2024-0002": ("fix_deferred", None),
        "CVE-2024-0003": ("will_not_fix", None), "CVE-2024-0004": ("end_of_life", None)}
    assert states(found("debian", location, layer, ["--only-fixed"])) == {}


def test_third_party_packages_are_matched_by_name_and_show_their_vendor(found, tracker):
    """The maintainer decides nothing: whoever made a package named as one of the distribution, it is compared."""
    location = tracker({"docker-ce": {"CVE-2024-0001": images.record(bookworm="9")}})
    stanza = images.stanza("docker-ce", "5:20").replace("Description", "Maintainer: Docker <support@docker.com>\nDescription")
    layer = images.layer(images.DEBIAN, ("var/lib/dpkg/status", stanza))
    target = found("debian", location, layer, ["--list-packages"])
    assert names(target) == set()  # 5:20 is beyond 9
    assert target["packages"][0]["vendor"] == "Docker <support@docker.com>"
    layer = images.layer(images.DEBIAN, ("var/lib/dpkg/status", stanza.replace("5:20", "8")))
    assert names(found("debian", location, layer)) == {("CVE-2024-0001", "docker-ce")}


def test_headers_of_the_kernel_count_for_debian(found, tracker):
    location = tracker({"linux": {"CVE-2024-0001": images.record(bookworm=None)}})
    assert names(found("debian", location, images.debian(("linux-libc-dev", "6.1.1-1", "linux")))) == {("CVE-2024-0001", "linux-libc-dev")}


def test_a_derivative_is_not_taken_for_its_parent(found, tracker):
    location = tracker({"alpha": {"CVE-2024-0001": images.record(bookworm="9")}})
    layer = images.layer(("etc/os-release", 'ID=raspbian\nID_LIKE=debian\nVERSION_ID="12"\n'), ("var/lib/dpkg/status", images.status(("alpha", "1"))))
    target = found("debian", location, layer)
    assert names(target) == set()
    assert [u["reason"] for u in target["not_evaluated"]] == ["no data for raspbian:12"]


# --- Ubuntu -----------------------------------------------------------------------------------------------------------------------

UBUNTU = ("etc/os-release", 'ID=ubuntu\nVERSION_ID="18.04"\n')


def ubuntu(*packages):
    return images.layer(UBUNTU, ("var/lib/dpkg/status", images.status(*packages)))


@pytest.fixture
def ubuntu_tracker(tmp_path):
    def make(**cves):
        for name in ("active", "retired"):
            (tmp_path / "uct" / name).mkdir(parents=True)
        for number, rows in cves.items():
            name = number.replace("_", "-").upper()
            (tmp_path / "uct/active" / name).write_text(f"Candidate: {name}\nPriority: medium\n" + "".join(row + "\n" for row in rows))
        return tmp_path / "uct"

    return make


def test_fix_of_ubuntu_pro(found, ubuntu_tracker):
    """In a plain image it is told and is no fix for everybody; who has the build of Pro is clean."""
    location = ubuntu_tracker(
        cve_2024_0001=["bionic_alpha: ignored (end of standard support)", "esm-infra/bionic_alpha: released (1.0-1ubuntu2+esm1)"],
        cve_2024_0002=["bionic_alpha: released (1.0-1ubuntu2)", "fips/bionic_alpha: needed"])
    plain = ubuntu(("alpha", "1.0-1ubuntu2"))
    assert states(found("ubuntu", location, plain)) == {"CVE-2024-0001": ("fixed_in_pro", "1.0-1ubuntu2+esm1")}
    assert states(found("ubuntu", location, plain, ["--only-fixed"])) == {}
    assert states(found("ubuntu", location, ubuntu(("alpha", "1.0-1ubuntu2+esm1")))) == {}
    old = found("ubuntu", location, ubuntu(("alpha", "1.0-1ubuntu1")), ["--only-fixed"])
    assert states(old) == {"CVE-2024-0002": ("fixed", "1.0-1ubuntu2")}


def test_kernels_of_ubuntu_are_left_out(found, ubuntu_tracker):
    location = ubuntu_tracker(cve_2024_0001=["bionic_linux: needed", "bionic_linux-aws: needed", "bionic_linux-firmware: needed"])
    layer = ubuntu(("linux-libc-dev", "4.15.0-1", "linux"), ("linux-aws-headers", "4.15.0-1", "linux-aws"), ("linux-firmware", "1"))
    assert names(found("ubuntu", location, layer)) == {("CVE-2024-0001", "linux-firmware")}


# --- rpm --------------------------------------------------------------------------------------------------------------------------


def rpm(id, version, *headers):
    content = headers[0] if len(headers) == 1 and headers[0].startswith(b"RpmP") else maker.ndb(headers)
    return images.layer(("etc/os-release", f'ID={id}\nVERSION_ID="{version}"\n'), ("usr/lib/sysimage/rpm/Packages.db", content))


@pytest.fixture
def alma(write, tmp_path):
    def make(*records):
        with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
            for record in records:
                archive.writestr(record["id"] + ".json", json.dumps(record))
        return tmp_path / "all.zip"

    return make


def errata(id, summary, cves, **fixes):
    return {"id": id, "summary": summary, "related": cves, "modified": "2024-01-01T00:00:00Z", "affected": [
        {"package": {"ecosystem": "AlmaLinux:8", "name": name}, "ranges": [
            {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]} for name, fixed in fixes.items()]}


def test_module_streams_in_a_real_database(found, alma):
    """npm and nodejs are of nodejs:10 there, buildah of container-tools:rhel8; bash is of no module."""
    location = alma(
        errata("ALSA-2024:0010", "Important: nodejs:10 security update", ["CVE-2024-0010"], npm="1:9-1.module_el8.9.0+1+a"),
        errata("ALSA-2024:0012", "Important: nodejs:12 security update", ["CVE-2024-0012"], npm="1:9-1.module_el8.9.0+1+a"),
        errata("ALSA-2024:0013", "Important: bash:5 security update", ["CVE-2024-0013"], bash="9-1.module_el8.9.0+1+a"),
        errata("ALSA-2024:0014", "Important: nodejs security update", ["CVE-2024-0014"], npm="1:9-1.el8", nodejs="1:99-1.el8"),
        errata("ALSA-2024:0015", "Important: bash security update", ["CVE-2024-0015"], bash="9-1.el8"),
        errata("ALSA-2024:0016", "Important: container-tools:rhel8 security update", ["CVE-2024-0016"],
               buildah="1.11.6-7.module_el8.2.0+305+5e198a41"))
    layer = rpm("almalinux", "8.2", (RPM / "centos8-modular.ndb").read_bytes())
    assert names(found("alma", location, layer)) == {("ALSA-2024:0010", "npm"), ("ALSA-2024:0015", "bash")}


def test_a_package_of_a_module_without_a_label_is_an_ordinary_one(found, alma):
    location = alma(errata("ALSA-2024:0010", "Important: nodejs:10 security update", ["CVE-2024-0010"], npm="9-1.module_el8.9.0+1+a"),
                    errata("ALSA-2024:0014", "Important: nodejs security update", ["CVE-2024-0014"], npm="9-1.el8"))
    layer = rpm("almalinux", "8.2", maker.header("npm", "6", "1.module_el8.2.0+391+8da3adc6"))
    assert names(found("alma", location, layer)) == {("ALSA-2024:0014", "npm")}


def test_binary_packages_of_rpm_go_by_their_own_names(found, alma):
    """An advisory about vim says nothing of vim-minimal, although it is built from vim; the vendor decides nothing."""
    location = alma(errata("ALSA-2024:0001", "Low: vim security update", ["CVE-2024-0001"], vim="9-1"))
    layer = rpm("almalinux", "8.2", maker.header("vim-minimal", "1", "1", source="vim-1-1.src.rpm"))
    assert names(found("alma", location, layer)) == set()
    assert names(found("alma", location, rpm("almalinux", "8.2", maker.header("vim", "1", "1", vendor="Somebody Else")))) == {
        ("ALSA-2024:0001", "vim")}


def test_keys_are_no_packages(found, alma):
    location = alma(errata("ALSA-2024:0001", "Low: gpg-pubkey security update", ["CVE-2024-0001"], **{"gpg-pubkey": "ffffffff-9"}))
    layer = rpm("almalinux", "8.2", maker.KEY, maker.header("bash", "1", "1"))
    target = found("alma", location, layer, ["--list-packages"])
    assert names(target) == set() and [p["name"] for p in target["packages"]] == ["bash"]


@pytest.mark.parametrize("epoch,version,hit", [(None, "1", True), (0, "1", True), (None, "3", False), (0, "3", False), (1, "1", False)])
@pytest.mark.parametrize("fixed", ["2-1", "0:2-1"])
def test_epoch_zero_is_none(found, alma, epoch, version, fixed, hit):
    location = alma(errata("ALSA-2024:0001", "Low: alpha security update", ["CVE-2024-0001"], alpha=fixed))
    layer = rpm("almalinux", "8.2", maker.header("alpha", version, "1", epoch=epoch))
    assert bool(names(found("alma", location, layer))) == hit


def test_epoch_of_the_advisory_counts(found, alma):
    location = alma(errata("ALSA-2024:0001", "Low: alpha security update", ["CVE-2024-0001"], alpha="1:1-1"))
    assert names(found("alma", location, rpm("almalinux", "8.2", maker.header("alpha", "9", "1"))))
    assert not names(found("alma", location, rpm("almalinux", "8.2", maker.header("alpha", "9", "1", epoch=1))))


def test_several_advisories_of_a_cve(found, alma):
    location = alma(
        errata("ALSA-2024:0001", "Low: alpha security update", ["CVE-2024-0001"], alpha="2-1"),
        errata("ALSA-2024:0002", "Important: alpha security update", ["CVE-2024-0001", "CVE-2024-0002"], alpha="3-1"))
    layer = rpm("almalinux", "8.2", maker.header("alpha", "1", "1"))
    assert states(found("alma", location, layer)) == {"ALSA-2024:0001": ("fixed", "2-1"), "ALSA-2024:0002": ("fixed", "3-1")}
    older_line = rpm("almalinux", "8.2", maker.header("alpha", "2", "1"))
    assert states(found("alma", location, older_line)) == {"ALSA-2024:0002": ("fixed", "3-1")}
    by_cve = found("alma", location, layer, ["--by-cve"])
    assert sorted((v["id"], v["fixed_in"]) for v in by_cve["vulnerabilities"]) == [("CVE-2024-0001", "3-1"), ("CVE-2024-0002", "3-1")]


# --- Red Hat ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def vex(write):
    """vex(fixed, affected): a document of one CVE; of (CPE of the platform, package URL without its type)."""
    def make(fixed, affected=()):
        products = {f"platform{n}": {"cpe": cpe} for n, cpe in enumerate(dict.fromkeys(cpe for cpe, _ in [*fixed, *affected]))}
        platforms = {product["cpe"]: id for id, product in products.items()}
        products |= {url: {"purl": "pkg:rpm/redhat/" + url} for _, url in [*fixed, *affected]}

        def ids(pairs):
            return [f"{platforms[cpe]}:{url}" for cpe, url in pairs]

        return write("cve-2024-0001.json", json.dumps({
            "document": {"category": "csaf_vex", "aggregate_severity": {"text": "Moderate"},
                         "tracking": {"id": "CVE-2024-0001", "status": "final"}},
            "product_tree": {
                "branches": [{"category": "vendor", "name": "Red Hat", "branches": [
                    {"category": "product_version", "name": id, "product": {
                        "name": id, "product_id": id, "product_identification_helper": helper}}
                    for id, helper in products.items()]}],
                "relationships": [{
                    "category": "default_component_of", "product_reference": url, "relates_to_product_reference": platforms[cpe],
                    "full_product_name": {"name": "x", "product_id": f"{platforms[cpe]}:{url}"}} for cpe, url in [*fixed, *affected]]},
            "vulnerabilities": [{"cve": "CVE-2024-0001", "product_status": {"fixed": ids(fixed), "known_affected": ids(affected)}}],
        }))

    return make


BASE = "cpe:/o:redhat:enterprise_linux:9::baseos"


@pytest.mark.parametrize("release,hit", [("22.el9", True), ("23.el9_2.3", True), ("23.el9_2.4", False), ("26.el9_3.1", True), ("26.el9_3.2", False)])
def test_fixes_of_minor_releases_of_red_hat(found, vex, release, hit):
    location = vex([(BASE, "curl@7.76.1-23.el9_2.4?arch=x86_64"), (BASE, "curl@7.76.1-26.el9_3.2?arch=x86_64")])
    layer = rpm("rhel", "9.3", maker.header("curl", "7.76.1", release))
    assert bool(names(found("rhel", location, layer))) == hit


def test_extended_streams_do_not_shadow_the_plain_release(found, vex):
    location = vex([("cpe:/a:redhat:rhel_eus:9.0::appstream", "curl@7.76.1-14.el9_0.9?arch=x86_64"),
                    (BASE, "curl@7.76.1-26.el9_3.2?arch=x86_64")])
    layer = rpm("rhel", "9.0", maker.header("curl", "7.76.1", "14.el9_0.9"))
    assert states(found("rhel", location, layer)) == {"CVE-2024-0001": ("fixed", "0:7.76.1-26.el9_3.2")}


def test_extended_stream_counts_where_nothing_else_is_said(found, vex):
    location = vex([("cpe:/a:redhat:rhel_eus:9.0::appstream", "curl@7.76.1-14.el9_0.9?arch=x86_64")])
    layer = rpm("rhel", "9.0", maker.header("curl", "7.76.1", "14.el9_0.8"))
    assert states(found("rhel", location, layer)) == {"CVE-2024-0001": ("fixed", "0:7.76.1-14.el9_0.9")}


def test_layered_products_are_left_out(found, vex):
    location = vex([(BASE, "curl@9-1.el9?arch=x86_64"), ("cpe:/a:redhat:jboss_enterprise_application_platform:8.0::el9", "eap8-x@9-1?arch=noarch")])
    layer = rpm("rhel", "9.3", maker.header("curl", "1", "1.el9"), maker.header("eap8-x", "1", "1", "noarch"))
    assert names(found("rhel", location, layer)) == {("CVE-2024-0001", "curl")}


@pytest.mark.parametrize("arch,hit", [("aarch64", True), ("x86_64", False), ("noarch", True)])
def test_an_advisory_is_for_its_architectures(found, vex, arch, hit):
    location = vex([(BASE, "curl@9-1.el9?arch=aarch64")])
    assert bool(names(found("rhel", location, rpm("rhel", "9.3", maker.header("curl", "1", "1.el9", arch))))) == hit


def test_sources_of_red_hat_cover_what_is_built_from_them(found, vex):
    """Unfixed ones are of sources; they concern the package of their name, too, whatever it is built from."""
    location = vex([], [("cpe:/o:redhat:enterprise_linux:9", "vim?arch=src")])
    layer = rpm("rhel", "9.3", maker.header("vim-minimal", "1", "1.el9", source="vim-1-1.el9.src.rpm"),
                maker.header("vim-data", "1", "1.el9", source="other-1-1.el9.src.rpm"),
                maker.header("vim", "1", "1.el9", source="another-1-1.el9.src.rpm"))
    assert names(found("rhel", location, layer)) == {("CVE-2024-0001", "vim-minimal"), ("CVE-2024-0001", "vim")}


def test_features_of_the_server_have_one_name_and_no_architecture(server, layer_server, vex):
    location = vex([(BASE, "curl@9-1.el9?arch=aarch64")], [("cpe:/o:redhat:enterprise_linux:9", "vim?arch=src")])
    running = server("sqlite", updater={"interval": "1h", "sources": server_module.only_sources(rhel=location)})
    server_module.wait_until(lambda: any(line["Event"] == "finished fetching" for line in running.log))
    layer = rpm("rhel", "9.3", maker.header("vim-minimal", "1", "1.el9", source="vim-1-1.el9.src.rpm"),
                maker.header("vim", "1", "1.el9", source="vim-1-1.el9.src.rpm"), maker.header("curl", "1", "1.el9"))
    assert running.post_layer("a", layer_server.add("layer.tar", layer)).status == 201
    features = running.get("/v1/layers/a?vulnerabilities").json["Layer"]["Features"]
    assert {f["Name"]: len(f.get("Vulnerabilities", [])) for f in features} == {"vim-minimal": 0, "vim": 1, "curl": 1}


def test_centos_stream_is_not_evaluated(found, vex):
    location = vex([(BASE, "curl@9-1.el9?arch=x86_64")])
    layer = images.layer(("etc/os-release", 'NAME="CentOS Stream"\nVERSION="9"\nID="centos"\nVERSION_ID="9"\n'),
                         ("usr/lib/sysimage/rpm/Packages.db", maker.ndb([maker.header("curl", "1", "1.el9")])))
    target = found("rhel", location, layer)
    assert [u["reason"] for u in target["not_evaluated"]] == ["no data for centos-stream:9"]


# --- Oracle, Amazon ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("release,hit", [("14.ksplice1.el8_3", True), ("15.ksplice1.el8_3", False), ("14.el8_3", False), ("14.el8_fips", False)])
def test_builds_of_oracle_are_compared_with_their_like(found, release, hit):
    layer = rpm("ol", "8.3", maker.header("openssl-libs", "1.1.1g", release, epoch=2 if "ksplice" in release else 1))
    assert names(found("oracle", ORACLE, layer)) == ({("ELSA-2021-9151", "openssl-libs")} if hit else set())


@pytest.mark.parametrize("release,hit", [("14.el8_fips", True), ("15.el8_fips", False), ("14.el8_3", False), ("14.ksplice1.el8_3", False)])
def test_certified_builds_of_oracle(found, write, release, hit):
    location = write("oracle.xml", ORACLE.read_text().replace("15.ksplice1.el8_3", "15.el8_fips"))
    layer = rpm("ol", "8.3", maker.header("openssl-libs", "1.1.1g", release, epoch=2))
    assert names(found("oracle", location, layer)) == ({("ELSA-2021-9151", "openssl-libs")} if hit else set())


@pytest.mark.parametrize("version,release,hit", [
    ("1.0", "9.amzn2", True), ("1.0", "10.amzn2", False), ("1.0", "10.amzn2.0.1", False), ("1.0~rc1", "99.amzn2", True), ("1.0a", "1.amzn2", False)])
def test_amazon_orders_as_rpm(found, write, version, release, hit):
    location = write("updateinfo.xml", """<?xml version="1.0"?><updates><update type="security"><id>ALAS2-2024-1</id><severity>low</severity>
        <description>test</description><references><reference id="CVE-2024-0001" type="cve"/></references><pkglist><collection>
        <package name="alpha" epoch="0" version="1.0" release="10.amzn2" arch="x86_64"/></collection></pkglist></update></updates>""")
    layer = rpm("amzn", "2", maker.header("alpha", version, release))
    assert bool(names(found("amazon", location, layer))) == hit


# --- apk --------------------------------------------------------------------------------------------------------------------------


def alpine(*packages):
    records = [f"P:{name}\nV:{version}\nA:x86_64\n" + (f"o:{origin}\n" if origin else "") for name, version, origin in packages]
    return images.layer(images.ALPINE, ("lib/apk/db/installed", "\n".join(records) + "\n"))


def test_alpine_goes_by_origin_and_zero_is_never(found, write):
    location = write("main.json", json.dumps({"distroversion": "v3.19", "reponame": "main", "packages": [
        {"pkg": {"name": "alpha", "secfixes": {"0": ["CVE-2024-0001"], "1.2-r1": ["CVE-2024-0002"]}}}]}))
    layer = alpine(("libalpha", "1.2-r0", "alpha"), ("alpha-doc", "1.2-r1", "alpha"), ("alpha", "1.2-r0", None),
                   ("alphabet", "1.2-r0", None))
    assert names(found("alpine", location, layer)) == {("CVE-2024-0002", "libalpha"), ("CVE-2024-0002", "alpha")}


def test_packages_of_other_branches_are_compared_with_those_of_the_release(found, write):
    """What etc/apk/repositories says decides nothing."""
    location = write("main.json", json.dumps({"distroversion": "v3.19", "reponame": "main", "packages": [
        {"pkg": {"name": "alpha", "secfixes": {"1.2-r1": ["CVE-2024-0002"]}}}]}))
    layer = images.layer(images.ALPINE, ("etc/apk/repositories", "https://dl-cdn.alpinelinux.org/alpine/edge/main\n"),
                         ("lib/apk/db/installed", "P:alpha\nV:1.2-r0\nA:x86_64\n\n"))
    target = found("alpine", location, layer)
    assert target["distribution"]["namespace"] == "alpine:v3.19"
    assert names(target) == {("CVE-2024-0002", "alpha")}


def test_versions_that_are_none_are_counted(found, write):
    location = write("main.json", json.dumps({"distroversion": "v3.19", "reponame": "main", "packages": [
        {"pkg": {"name": "alpha", "secfixes": {"9": ["CVE-2024-0001"]}}}]}))
    target = found("alpine", location, alpine(("alpha", "${revision}", None), ("beta", "1", None)))
    assert names(target) == set()
    assert [(u["name"], u["reason"]) for u in target["not_evaluated"]] == [("alpha", "version not comparable")]
    # The version that apk gives to what `apk add --virtual` makes is one.
    assert not found("alpine", location, alpine((".build-deps", "20240101.000000", None)))["not_evaluated"]


def test_tests_that_the_document_names_are_there():
    text = (ROOT / "docs/matching.md").read_text()
    named = re.findall(r"`(?:((?:e2e|unit)/[\w/.]+)::)?(test_\w+|\w+_are_left_out)`", text)
    assert len(named) > 50
    for file, name in named:
        content = (ROOT / "tests" / (file or "e2e/test_matching_corners.py")).read_text()
        assert re.search(rf"^(?:def|static void) {name}\(", content, re.M), (file, name)
