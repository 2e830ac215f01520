# clair: build, try, test. Everything real happens in meson and in tools/; this file is the list of entry points.

BUILD ?= build
MESON_FLAGS ?= --buildtype=debugoptimized

.PHONY: all deps demo check test bench fuzz soak format lint man install clean

# The program, at build/clair.
all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@command -v meson >/dev/null || { echo 'meson is missing: "make deps" installs what the build needs'; exit 1; }
	@meson setup $(BUILD) $(MESON_FLAGS) >/dev/null || { rm -rf $(BUILD); meson setup $(BUILD) $(MESON_FLAGS); }

# What the build needs, from Debian's archive.
deps:
	@tools/install-deps build

# Builds, makes a real Debian image, loads the sample data and scans.
demo:
	@tools/install-deps build demo
	@$(MAKE) --no-print-directory all
	@tools/demo $(BUILD)/clair

# Installs what the tests need and runs every test; ends with "N passed, N failed".
check:
	@tools/install-deps build test
	@tests/run

# The quick part of it: unit tests of this build.
test:
	@tools/install-deps build test
	@[ -f $(BUILD)-test/build.ninja ] || meson setup $(BUILD)-test -Dtests=true
	@meson test -C $(BUILD)-test --print-errorlogs

# Speed on a real Debian layer, as ratios to igzip and gzip in the same run.
bench: all
	@tools/install-deps build test
	@meson configure $(BUILD) -Dbench=true
	@ninja -C $(BUILD)
	@bench/run

# Fuzzes every parser for FUZZ_SECONDS each.
FUZZ_SECONDS ?= 60
fuzz:
	@tools/install-deps build test
	@tests/fuzz/run $(FUZZ_SECONDS)

# Mixed load on a server under sanitizers for SOAK_SECONDS with each kind of database, and a stop in the midst of it.
SOAK_SECONDS ?= 600
soak:
	@tools/install-deps build test
	@[ -f build-asan/build.ninja ] || CC=clang meson setup build-asan -Dtests=true -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
	@ninja -C build-asan clair
	@tests/soak/run --seconds $(SOAK_SECONDS) --backend sqlite
	@tests/soak/run --seconds $(SOAK_SECONDS) --backend postgresql

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

lint:
	@tools/install-deps build test
	@tools/lint

man: all
	@mkdir -p $(BUILD)/man
	@$(BUILD)/clair help --man > $(BUILD)/man/clair.1
	@set -e; for c in scan update db serve check-config compare-versions; do $(BUILD)/clair help --man $$c > $(BUILD)/man/clair-$$c.1; done

PREFIX ?= /usr/local
install: all man
	@install -Dm755 -t $(DESTDIR)$(PREFIX)/bin $(BUILD)/clair
	@install -Dm644 -t $(DESTDIR)$(PREFIX)/share/man/man1 $(BUILD)/man/*.1

clean:
	@rm -rf build build-* demo
