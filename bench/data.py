"""Makes what the server is measured with: a tracker, and layers whose packages it has something to say about."""
import io
import random
import tarfile

OS_RELEASE = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
WORDS = ("a an the of in to function overflow buffer remote attacker allows crafted packet parser memory service denial "
         "execute arbitrary code via heap integer use after free before version when handling certain input files local "
         "users gain privileges cause crash information leak through unspecified vectors kernel library").split()


class Data:
    """The packages of the world, each of the advisories with 0 to 4 of them; layers are samples of it."""

    PACKAGES = 800
    LARGE_PACKAGES = 1500

    def __init__(self):
        self.random = random.Random(12)
        self.tracker = {}
        self.number = 1000
        for i in range(self.PACKAGES):
            self.add_package(f"lib{self.word()}-{i}-source", self.random.choice((0, 0, 0, 1, 1, 1, 1, 2, 2, 4)))
        self.names = list(self.tracker)
        for i in range(self.LARGE_PACKAGES):
            self.add_package(f"{self.word()}-{i}-large", 3)
        self.large_names = list(self.tracker)[self.PACKAGES:]

    def word(self):
        return self.random.choice(WORDS)

    def add_package(self, name, advisories):
        cves = self.tracker[name] = {}
        for _ in range(advisories):
            self.number += 1
            fixed = self.random.random() < 0.5
            release = {"status": "resolved" if fixed else "open", "repositories": {"bookworm": "1.2.1-1"},
                       "urgency": self.random.choice(("low", "medium", "high", "not yet assigned", "unimportant"))}
            if fixed:
                release["fixed_version"] = "2.0.3-1+deb12u1"
            cves[f"CVE-2023-{self.number}"] = {
                "description": " ".join(self.word() for _ in range(self.random.randint(15, 50))).capitalize() + ".",
                "scope": "remote", "releases": {"bookworm": release}}

    def vulnerabilities(self):
        """Of the small packages, as bodies of POST …/vulnerabilities."""
        for package in self.names:
            for name, cve in self.tracker[package].items():
                release = cve["releases"]["bookworm"]
                fix = {"Name": package, "NamespaceName": "debian:12", "VersionFormat": "dpkg",
                       "Version": release.get("fixed_version", "None")}
                yield {"Vulnerability": {"Name": name, "NamespaceName": "debian:12", "Description": cve["description"],
                                         "Link": f"https://security-tracker.debian.org/tracker/{name}",
                                         "Severity": "Medium", "FixedIn": [fix]}}

    def layer(self, seed, packages=400):
        """A tar with a package database of so many packages. No two are alike."""
        choose = random.Random(seed)
        names = self.large_names if packages > 400 else choose.sample(self.names, packages)
        status = "".join(f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\n"
                         f"Version: 1.2.{choose.randrange(4)}-4\nDescription: {name}\n\n" for name in sorted(names[:packages]))
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name, text in (("usr/lib/os-release", OS_RELEASE), ("var/lib/dpkg/status", status)):
                info = tarfile.TarInfo(name)
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text.encode()))
        return out.getvalue()
