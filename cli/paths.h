/* paths.h - the files that the words of a command line mean: themselves, and those in folders. */
#pragma once
#include "vm/messages.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct Paths {
    char **items; // malloc'd
    size_t count, capacity;
    Language language; // of complaints
    bool missing; // a word was neither file nor folder: that has been said
} Paths;

/* Is this file of a folder wanted? Files that are named themselves are not asked about. */
typedef bool (*PathFilter)(const char *path);

/* Add `word`; of a folder, all files below it that `wanted` takes, sorted. Names that begin with '.' or
 * '_' in folders are passed over. */
void paths_add(Paths *paths, const char *word, PathFilter wanted);
/* Add it as it stands. */
void paths_add_file(Paths *paths, const char *path);
void paths_free(Paths *paths);
bool path_ends(const char *path, const char *suffix);
/* The name behind the last '/'. */
const char *path_base(const char *path);
