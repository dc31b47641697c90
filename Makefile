# Co's build. `make help` lists the verbs.
#
# One configuration is built at a time, under build/<config>/; the verbs that want another one call
# make again with CONFIG set. Generated sources go to build/gen/ and never into the tree.

CONFIG ?= release
PREFIX ?= /usr/local
T      ?= 60

# `make` counts as an implicit cc; plain gcc is the build every figure is measured on.
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-builtin-rules

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

#-- flags -----------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
INCLUDES := -I. -Iinclude -Ibuild/gen

FLAGS_release := -O2 -g -DNDEBUG -fno-pie -fno-asynchronous-unwind-tables -ffunction-sections
FLAGS_debug   := -O0 -g3 -DCO_VERIFY
FLAGS_asan    := -O1 -g -DCO_VERIFY -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
FLAGS_tsan    := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
FLAGS_stress  := -O1 -g -DCO_VERIFY -DCO_STRESS
FLAGS_plain   := -O1 -g -DCO_VERIFY -DCO_PLAIN
FLAGS_cover   := -O0 -g -DCO_VERIFY --coverage
FLAGS_fuzz    := $(FLAGS_asan) -fsanitize=fuzzer-no-link
# Counts how often co goes where, but no values: addresses are others in each run.
FLAGS_profile := $(FLAGS_release) -fprofile-generate -fprofile-update=single -fno-profile-values
# The dispatch table and the natives' tables at fixed addresses: a register more for the loop, no relocations at start.
LINK_release  := -no-pie -Wl,--gc-sections -Wl,-z,noseparate-code
LINK_profile  := $(LINK_release)
# What an empty program touches lies together: a third less is resident then.
ORDER_release := -Wl,-T,build/gen/layout.ld
# What people or the outside wait for, or what runs once: small rather than fast.
COLD_release  := -Os
COLD_profile  := -Os
# What the interpreter's rounds go through keeps gcc's padding in front of what is jumped to; nothing else does.
DENSE_release := -falign-functions=1 -falign-jumps=1 -falign-loops=1

# How much longer a test may take there.
SLOW_asan   := 5
SLOW_tsan   := 10
SLOW_stress := 10
SLOW_plain  := 3
SLOW_cover  := 5
SLOW        := $(or $(SLOW_$(CONFIG)),1)

ifeq ($(CONFIG),fuzz)
CC := clang
endif
ifndef FLAGS_$(CONFIG)
$(error unknown CONFIG '$(CONFIG)': release, profile, debug, asan, tsan, stress, plain, cover or fuzz)
endif

# A second compiler gets a directory of its own, so that gcc's objects stay.
B      := build/$(CONFIG)$(if $(filter gcc,$(CC)),,-$(notdir $(CC)))
CFLAGS := -std=gnu11 $(WARNINGS) $(FLAGS_$(CONFIG)) $(EXTRA)
LINK   := $(LINK_$(CONFIG))

# gcc compiles the release build with a profile, how often co went where while bench/train.py ran. It is made once in a tree,
# in build/profile/, and stays when sources change: gcc goes by it where a function is still the same. `make profile` makes it
# anew, `PROFILE=` builds without one.
PROFILE := $(filter build/release,$(B))
COUNTS  := $(PROFILE:%=build/profile/counts)
# The names of the files with the counts follow from the base of what a compilation leaves behind, as do those of functions.
COUNTED  = -dumpdir $(@D:$(B)%=build/profile%)/ -dumpbase $(@F:.o=)
GUIDED   = $(if $(PROFILE),-fprofile-use -fno-profile-values -fprofile-correction -Wno-missing-profile -Wno-coverage-mismatch $(COUNTED),$(if $(filter profile,$(CONFIG)),$(COUNTED)))

# Asked when a recipe runs, not when this file is read: `deps` may just have installed them.
LIBS     = $(shell pkg-config --libs-only-L libuv libtommath zlib) -l:libuv_a.a -l:libtommath.a -l:libz.a -lm -lpthread -ldl
LIBCHECK = $(shell pkg-config --libs check)

# Short lines unless V=1, so that a warning is seen.
said = $(if $(V),,@echo '  $(1)' && )

#-- what is built from what -----------------------------------------------------------------------

TABLES    := $(patsubst tools/%.py,build/gen/%.inc,$(wildcard tools/*.py tools/*/*.py))
LEXERS    := $(patsubst %.re,build/gen/%.c,$(wildcard lang/*.re stdlib/*.re))
GRAMMARS  := $(patsubst %.y,build/gen/%.c,$(wildcard lang/*.y))
GENERATED := $(TABLES) $(LEXERS) $(GRAMMARS) $(GRAMMARS:.c=.h) build/gen/layout.ld

# What of cli/ libco.a needs: include/co.h, the compiler as the VM calls it, the hosts.
EMBED    := $(patsubst %,cli/%.c,embed compiler compile_hook host_uv host_virtual host_random places channel_uv stream_uv outside_uv lane_uv io_virtual signals)
CLI      := $(patsubst %.c,$(B)/%.o,$(filter-out $(EMBED),$(wildcard cli/*.c)))
LIB      := $(patsubst %.c,$(B)/%.o,$(wildcard vm/*.c lang/*.c stdlib/*.c) $(EMBED)) \
            $(patsubst build/gen/%.c,$(B)/%.o,$(LEXERS) $(GRAMMARS))
EMBEDDED := $(B)/stdlib/embedded.o
# What compiles, without a library.
COMPILER := $(filter $(B)/lang/% $(B)/vm/%,$(LIB)) $(B)/cli/compiler.o
MODULES  := $(sort $(wildcard stdlib/*.co stdlib/*/*.co stdlib/*/*/*.co))
UNITS    := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
FUZZERS  := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*.c))

$(GENERATED) $(CLI) $(LIB) $(B)/tools/embed.o: | deps
$(CLI) $(LIB) $(B)/tools/embed.o: | $(GENERATED)
$(CLI) $(LIB) $(B)/tools/embed.o: $(B)/flags $(COUNTS)

build/profile/counts: | $(GENERATED)
	@mkdir -p $(@D) && find $(@D) -name '*.gcda' -delete
	@$(MAKE) --no-print-directory CONFIG=profile build
	@find $(@D) -name '*.gcda' -delete # the embedder's
	$(call said,profile  bench/train.py)python3 bench/train.py $(@D)/co
	@touch $@

# Each function of startup.txt as input sections.
build/gen/layout.ld: cli/layout.ld cli/startup.txt
	@mkdir -p $(@D)
	$(call said,layout   $<)awk 'FNR == NR { if (/^[A-Za-z]/) list = list "*(.text." $$1 " .text." $$1 ".* .text.hot." $$1 " .text.hot." $$1 ".*)\n"; next } \
	    /@FUNCTIONS@/ { $$0 = list } { print }' cli/startup.txt $< > $@

build/gen/%.inc: tools/%.py
	@mkdir -p $(@D)
	$(call said,table    $@)python3 $< > $@

build/gen/messages.inc: vm/messages.def
build/gen/ucd.inc: tools/unitables.py
build/gen/cli/trace_page.inc: cli/trace_page.html

build/gen/%.c: %.re
	@mkdir -p $(@D)
	$(call said,re2c     $<)re2c -o $@ $<

build/gen/%.c build/gen/%.h: %.y
	@mkdir -p $(@D)
	$(call said,lemon    $<)lemon -q -d$(@D) $<

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call said,cc       $<)$(CC) $(CFLAGS) $(GUIDED) -I$(B)/gen $(INCLUDES) -MMD -MP -c -o $@ $<

$(B)/%.o: build/gen/%.c
	@mkdir -p $(@D)
	$(call said,cc       $<)$(CC) $(CFLAGS) $(GUIDED) -I$(B)/gen $(INCLUDES) -MMD -MP -c -o $@ $<

# Lemon's own template is not as strict as we are.
$(B)/lang/grammar.o: private CFLAGS += -Wno-missing-prototypes -Wno-unused-parameter -Wno-unused-variable -Wno-type-limits
# Rules of the same action share it: a branch for each tells coverage-language which one was there.
build/cover/lang/grammar.o: private CFLAGS += '-Dyytestcase(X)=if (X) __asm__ volatile ("")'

HOT  := $(patsubst %,cli/%,channel_uv host_uv host_virtual io_virtual lane_uv places stream_uv trace_record)
COLD := $(filter-out $(HOT:%=$(B)/%.o),$(filter $(B)/cli/%,$(CLI) $(LIB))) $(filter $(B)/lang/lint%,$(LIB)) \
        $(patsubst %,$(B)/lang/%.o,ast build build_pattern build_stmt compile_match diag explain near) \
        $(patsubst %,$(B)/vm/%.o,advice caret class code_type dict_views dis exception_group gen_view hangul import memoryview messages \
            object_type reduce report sched_report slot_wrappers suggest traceback traceback_type ucd unawaited verify version) \
        $(patsubst %,$(B)/stdlib/%.o,_array _files _hashlib _os _pickle _postgres _process _socket _sqlite _ssl _workers atexit binascii \
            builtin_eval courier_pack courier_unpack errand library metatypes pickle_load pickle_save stream_types sys time unicodedata)
$(COLD): private CFLAGS += $(COLD_$(CONFIG))

PADDED := $(patsubst %,$(B)/vm/%.o,attr_cache bigint call coroutine dict exception float frame gc heap int interp iter list \
            magnitude mark ops_attr ops_call ops_container ops_exc ops_iter ops_name ops_operator operator protocol ready_queue \
            sched_run search set set_algebra shape sort str str_builder sweep task timer_heap tuple)
$(filter-out $(PADDED),$(CLI) $(LIB)): private CFLAGS += $(DENSE_$(CONFIG))

# The fuzzers run no code, and clang takes minutes over the interpreter with its sanitizers.
ifeq ($(CONFIG),fuzz)
$(B)/vm/interp.o: private CFLAGS := -std=gnu11 $(WARNINGS) -O1
endif

$(B)/libco.a: $(LIB) Makefile
	@rm -f $@
	$(call said,ar       $@)ar rcs $@ $(LIB)

$(B)/co: $(CLI) $(B)/libco.a build/gen/layout.ld
	$(call said,link     $@)$(CC) $(CFLAGS) $(LINK) $(ORDER_$(CONFIG)) -o $@ $(filter %.o %.a,$^) $(LIBS)

# Compiling with other flags than last time compiles everything again.
FLAGS_USED = $(CC) $(CFLAGS) $(PROFILE); $(COLD_$(CONFIG)) $(COLD); $(DENSE_$(CONFIG)) $(PADDED)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS_USED)' | cmp -s - $@ || echo '$(FLAGS_USED)' > $@

#-- the standard library's .co files ----------------------------------------------------------------
# The compiler alone turns them into constant arrays, which co is linked with.

$(B)/embed: $(B)/tools/embed.o $(COMPILER)
	$(call said,link     $@)$(CC) $(CFLAGS) $(LINK) -o $@ $^ $(LIBS)

$(B)/gen/stdlib/embedded.inc: $(B)/embed $(MODULES)
	@mkdir -p $(@D)
	$(call said,embed    stdlib/*.co)$(B)/embed $(MODULES) > $@

$(EMBEDDED): $(B)/gen/stdlib/embedded.inc

#-- building ----------------------------------------------------------------------------------------

.PHONY: all build deps help profile debug release asan tsan stress units FORCE
FORCE:

all: build ## build the release ./co (the default)
	@cmp -s $(B)/co co || cp -f $(B)/co co

build: $(B)/co

deps: ## install the Debian packages that the build needs, if any is missing
	@tools/deps

profile: ## count anew how often co goes where, which release builds are compiled by, and build one
	@rm -f build/profile/counts
	@$(MAKE) --no-print-directory all

debug release asan tsan stress: ## build that configuration: build/<config>/co
	@$(MAKE) --no-print-directory CONFIG=$@ build

#-- running and testing -----------------------------------------------------------------------------

.PHONY: run test soak starve stutter soak-repl soak-http soak-faults unit test-asan test-stress test-plain test-tsan oracle cover coverage-language coverage-asyncio bench startup fuzz format install uninstall clean test-browser docs

run: all ## build and run the blog post's example
	@./co examples/blog/clients.py

test: build units ## run every test; K=pattern picks some
	@python3 tests/tools/floors.py $(B)
	@python3 tests/tools/messages.py
	@python3 tests/tools/pictures.py $(B)/co
	@python3 tests/tools/editors.py $(B)/co
	@python3 docs/make.py $(B)/co --check
	@LIBS='$(LIBS)' python3 tests/link/run.py $(B) $(CC) $(CFLAGS) $(LINK)
	@python3 tests/run.py --co $(B)/co --slow $(SLOW) $(UNITS:%=--unit %) $(if $(K),-k '$(K)')
	@tests/repl/run --co $(B)/co --slow $(SLOW) $(if $(K),-k '$(K)')

unit: units ## run the C unit tests only
	@python3 tests/run.py --only-units --slow $(SLOW) $(UNITS:%=--unit %) $(if $(K),-k '$(K)')

test-browser: all ## load pictures of a run in headless chromium and look at them from inside (installs it)
	@tools/deps browser
	@python3 tests/browser/run.py --co ./co

test-asan test-stress test-plain: ## run every test under ASan and UBSan, collecting at every safepoint, or without short ways
	@$(MAKE) --no-print-directory CONFIG=$(@:test-%=%) test

# What touches more than one thread, or a C stack of its own.
TSAN ?= workers threads sqlite executor to_thread process soak virtual_io asyncio_io http
test-tsan: ## run those that use threads under ThreadSanitizer; K=pattern picks others
	@$(MAKE) --no-print-directory CONFIG=tsan build
	@python3 tests/run.py --co build/tsan/co --slow $(SLOW_tsan) -k '$(or $(K),$(TSAN))'

# Few failures are run again by themselves, here as ever: "passed only by itself" names a test that depends on time.
stutter: build ## run the tests while their processes stand still at random moments; K=pattern picks
	@python3 tests/tools/stutter.py co python3 tests/run.py --co $(B)/co --slow 4 $(if $(K),-k '$(K)')

# Memory that ends: the shim takes malloc's place.
starve: build ## let memory end at each allocation of some programs; EVERY=n: at each n-th, K=pattern: of these
	@mkdir -p $(B)/starve
	$(call said,cc       tests/starve/starve.c)$(CC) -std=gnu11 -O1 -g $(WARNINGS) -shared -fPIC -o $(B)/starve/starve.so tests/starve/starve.c -ldl
	@python3 tests/starve/run.py --co $(B)/co --shim $(B)/starve/starve.so --every $(or $(EVERY),1) $(if $(K),-k '$(K)')

soak-repl: build ## 100,000 random keys, pastes, resizes and task outputs at the prompt
	@tests/repl/run soak.py --co $(B)/co $(if $(SEED),--seed $(SEED)) $(if $(EVENTS),--events $(EVENTS))

soak-http: build ## 5,000 clients that send an HTTP server a byte every ten seconds, for two minutes
	@ulimit -n 20000 && $(B)/co tests/bad/peers/slow_clients.co 5000 10 30 120

soak: T := 1800
soak: build ## a server under N clients (2000) half of which misbehave, for T seconds (1800)
	@ulimit -n 20000 && $(B)/co tests/bad/peers/soak.co $(N) $(T) 20

soak-faults: build ## is each fault that a server may have told by such a run?
	@$(B)/co tests/bad/peers/_soak_faults.co

oracle: ## store again what CPython 3.11 prints for tests/same
	@python3 tests/run.py --oracle $(if $(K),-k '$(K)')

units: $(UNITS)
# Of the command's own files, libco.a has none but what an embedding needs.
$(B)/unit/cli_editor: $(B)/cli/editor.o $(B)/cli/cells.o
$(B)/unit/cli_keys: $(B)/cli/keys.o $(B)/cli/history.o $(B)/cli/markdown.o
$(UNITS): $(B)/unit/%: tests/unit/%.c $(B)/libco.a
	@mkdir -p $(@D)
	$(call said,test     $<)$(CC) $(CFLAGS) $(INCLUDES) -MMD -MP -MF $@.d $(LINK) -o $@ $< $(filter %.o,$^) $(B)/libco.a $(LIBCHECK) $(LIBS)

cover: ## line coverage of the C sources under the whole suite
	@find build/cover -name '*.gcda' -delete 2>/dev/null || true
	-@$(MAKE) --no-print-directory CONFIG=cover test
	@python3 tests/tools/cover.py build/cover

coverage-language: ## what of the language no program under tests/same or tests/lang reaches
	@find build/cover -name '*.gcda' -delete 2>/dev/null || true
	@$(MAKE) --no-print-directory CONFIG=cover build
	@python3 tests/run.py --co build/cover/co --slow 5 -k tests/same >/dev/null || true
	@python3 tests/run.py --co build/cover/co --slow 5 -k tests/lang >/dev/null || true
	@python3 tests/tools/coverage_language.py build/cover

coverage-asyncio: ## what of asyncio's table, API by what can happen to it, no program under tests/same reaches
	@python3 -W ignore tests/tools/coverage_asyncio.py

docs: all ## make the documents' pictures and lists
	@python3 docs/make.py ./co

bench: all ## measure against python3
	@python3 bench/run.py $(BENCH)

startup: all ## note anew in cli/startup.txt what an empty program calls (needs valgrind)
	@nm $(B)/co | sed -nE 's/.* [tT] ([A-Za-z]\w*).*/\1/p' | LC_ALL=C sort -u > $(B)/functions.txt
	@(sed -n '/^#/p' cli/startup.txt; valgrind -q --tool=callgrind --callgrind-out-file=/dev/stdout $(B)/co -c pass | \
	    sed -nE 's/^c?fn=\([0-9]+\) ([A-Za-z]\w*).*/\1/p' | LC_ALL=C sort -u | LC_ALL=C comm -12 - $(B)/functions.txt) > $(B)/startup.txt
	@mv $(B)/startup.txt cli/startup.txt

fuzz: ## fuzz lexer, parser and compiler for T seconds (60)
	@$(MAKE) --no-print-directory CONFIG=fuzz fuzzers
	@python3 tests/tools/fuzz.py --seconds $(T) $(FUZZERS:$(B)/%=build/fuzz-clang/%)

fuzz-calls: ## call everything there is with arguments nobody would give, under ASan and UBSan, for T seconds (60)
	@$(MAKE) --no-print-directory CONFIG=asan build
	@python3 tests/fuzz/calls.py --co build/asan/co --seconds $(T) $(if $(SEED),--seed $(SEED))

N ?= 2000
fuzz-diff: all ## run N random programs (2000) by co and by python3 and compare; THEMES picks grammars, SEED others
	@python3 tests/fuzz/diff.py --co $(B)/co -n $(N) $(if $(SEED),--seed $(SEED)) $(THEMES:%=--theme %)

.PHONY: fuzzers fuzz-diff fuzz-calls
fuzzers: $(FUZZERS)
$(FUZZERS): $(B)/fuzz/%: tests/fuzz/%.c $(B)/libco.a
	@mkdir -p $(@D)
	$(call said,fuzz     $<)$(CC) $(CFLAGS) -fsanitize=fuzzer $(INCLUDES) -MMD -MP -MF $@.d -o $@ $< $(B)/libco.a $(LIBS)

format: ## lay out the lines of C that have changed since the last commit, by .clang-format
	git clang-format --force --extensions c,h HEAD

# Every file that is installed, so that `uninstall` knows them too.
BINDIR  := $(DESTDIR)$(PREFIX)/bin
SHARE   := $(DESTDIR)$(PREFIX)/share
HEADERS := $(wildcard include/co.h)
PLACES  := $(BINDIR)/co $(DESTDIR)$(PREFIX)/lib/libco.a $(HEADERS:include/%=$(DESTDIR)$(PREFIX)/include/%) \
           $(SHARE)/man/man1/co.1 $(SHARE)/bash-completion/completions/co $(SHARE)/zsh/site-functions/_co \
           $(SHARE)/fish/vendor_completions.d/co.fish

install: all ## install under PREFIX (/usr/local): co, libco.a, co.h, the manual, completions
	@mkdir -p $(B)/share
	@$(B)/co --manual > $(B)/share/co.1
	@for shell in bash zsh fish; do $(B)/co --completions $$shell > $(B)/share/co.$$shell || exit 1; done
	install -D -m 755 $(B)/co $(BINDIR)/co
	install -D -m 644 $(B)/libco.a $(DESTDIR)$(PREFIX)/lib/libco.a
	$(if $(HEADERS),install -D -m 644 $(HEADERS) $(DESTDIR)$(PREFIX)/include/co.h)
	install -D -m 644 $(B)/share/co.1 $(SHARE)/man/man1/co.1
	install -D -m 644 $(B)/share/co.bash $(SHARE)/bash-completion/completions/co
	install -D -m 644 $(B)/share/co.zsh $(SHARE)/zsh/site-functions/_co
	install -D -m 644 $(B)/share/co.fish $(SHARE)/fish/vendor_completions.d/co.fish

uninstall: ## remove what install has put there
	rm -f $(PLACES)

clean: ## remove everything that was built
	rm -rf build co

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z][a-z -]*:.*## / { n = split($$1, v, " "); for (i = 1; i <= n; i++) printf "  make %-18s %s\n", v[i], $$2 }' Makefile

-include $(shell find $(B) -name '*.d' 2>/dev/null)
