/* host_virtual.h - inside the host of virtual time: what its files share. */
#pragma once
#include "cli/hosts.h"
#include "cli/places.h"
#include "vm/io.h"

typedef struct VirtualChannel VirtualChannel;
typedef struct VirtualHost {
    HostRandom random;
    Host h;
    Host *real;
    int64_t now;
    Places places;              // of channels
    VirtualChannel *first, *last; // channels that have something to tell, in order
    VirtualChannel *listeners;
    uint16_t port;              // the last one given out
} VirtualHost;

/* Tell what has happened since the last time. False: nothing. */
bool virtual_deliver(VirtualHost *v, VM *vm);
void virtual_free(VirtualHost *v);
extern const struct HostIo virtual_io; // io_virtual.c
