# SPDX-License-Identifier: MIT
# make install and make manifests: included by the Makefile.  README.md tells
# what goes where; install.sh and manifests.pl do it.

PREFIX ?= /usr/local

# TARGETS on the command line are those to install; else all but host32.
$(call known,TARGETS,host host32 $(BARE))
INSTALL_TARGETS := $(or $(TARGET),$(if $(findstring command,$(origin TARGETS)), \
	$(TARGETS),host $(BARE)))
# LIBC is a choice for those that have one.
install_libcs = $(or $(filter $(LIBC),$(libcs_of)),$(if $(and $(LIBC), \
	$(is_arm)$(is_riscv)),,$(libcs_of)))
INSTALL_PLACES := $(foreach t,$(INSTALL_TARGETS), \
	$(foreach l,$(call install_libcs,$t),$(call home,$t,$l)))

.PHONY: install
install: ## install to [PREFIX=dir] [DESTDIR=dir] [TARGETS="T..."] [LIBC=L]
install: $(foreach p,$(INSTALL_PLACES),$(ARCHIVES:%=$p/%.a)) \
	$(foreach t,$(INSTALL_TARGETS),$(call locks_of,$t,$(LIBC)) \
		$(call shared_of,$t))
	tools/package/install.sh '$(DESTDIR)$(PREFIX)' $(INSTALL_PLACES)

.PHONY: manifests
manifests: ## write a source package for other build systems to DESTDIR=dir
	$(if $(DESTDIR),,$(error say where to: make manifests DESTDIR=dir))
	tools/package/manifests.pl tools/package/package.txt '$(DESTDIR)'
