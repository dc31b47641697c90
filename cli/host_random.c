/* host_random.c - randomness that follows from a seed. */
#include "cli/hosts.h"

#include <stdlib.h>
#include <string.h>

uint64_t host_mix(HostRandom *r)
{
    uint64_t z = r->state += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

void host_random(Host *h, void *buf, size_t n)
{
    for (size_t done = 0; done < n; done += sizeof(uint64_t)) {
        uint64_t bits = host_mix(h->state);
        memcpy((char *)buf + done, &bits, n - done < sizeof bits ? n - done : sizeof bits);
    }
}

void host_hash_key(Host *h, uint64_t key[2])
{
    const char *seed = getenv("CO_HASH_SEED");
    if (!seed || !*seed) return h->random(h, key, 2 * sizeof *key);
    HostRandom r = {strtoull(seed, NULL, 10)};
    key[0] = host_mix(&r);
    key[1] = host_mix(&r);
}

static size_t choose(Host *h, size_t n) { return host_mix(h->state) % n; }

void host_seed(Host *h, uint64_t seed)
{
    ((HostRandom *)h->state)->state = seed;
    h->random = host_random;
    h->choose = choose;
}
