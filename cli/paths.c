#define _GNU_SOURCE // asprintf
#include "cli/paths.h"
#include "cli/reader.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_DEPTH = 64 }; // of folders: links may go round in circles

bool path_ends(const char *path, const char *suffix)
{
    size_t n = strlen(path), m = strlen(suffix);
    return n > m && strcmp(path + n - m, suffix) == 0;
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void cannot_read(Paths *paths, const char *path)
{
    reader_say(stderr, paths->language, "co: cannot read '%s': %s\n", path,
               said(paths->language, strerror(errno)));
    paths->missing = true;
}

void paths_add_file(Paths *paths, const char *path)
{
    if (paths->count == paths->capacity) {
        size_t capacity = paths->capacity ? paths->capacity * 2 : 16;
        char **items = realloc(paths->items, capacity * sizeof *items);
        if (!items) return cannot_read(paths, path);
        paths->items = items;
        paths->capacity = capacity;
    }
    char *copy = strdup(path);
    if (copy) paths->items[paths->count++] = copy;
    else cannot_read(paths, path);
}

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.' && entry->d_name[0] != '_'; }

/* __init__.co is the one file of a package that begins so. */
static int is_wanted_name(const struct dirent *entry)
{
    return is_visible(entry) || strcmp(entry->d_name, "__init__.co") == 0;
}

static void add_folder(Paths *paths, const char *folder, PathFilter wanted, int depth)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, is_wanted_name, alphasort);
    if (n < 0) return cannot_read(paths, folder);
    for (int i = 0; i < n; i++) {
        char *path;
        struct stat about;
        const char *slash = path_ends(folder, "/") || strcmp(folder, "/") == 0 ? "" : "/";
        bool dot = strcmp(folder, ".") == 0;
        if (asprintf(&path, "%s%s%s", dot ? "" : folder, dot ? "" : slash, entries[i]->d_name) >= 0) {
            bool exists = stat(path, &about) == 0;
            if (exists && S_ISDIR(about.st_mode) && depth < MAX_DEPTH)
                add_folder(paths, path, wanted, depth + 1);
            else if (exists && S_ISREG(about.st_mode) && wanted(path)) paths_add_file(paths, path);
            free(path);
        }
        free(entries[i]);
    }
    free(entries);
}

void paths_add(Paths *paths, const char *word, PathFilter wanted)
{
    struct stat about;
    if (stat(word, &about) != 0) return cannot_read(paths, word);
    if (S_ISDIR(about.st_mode)) add_folder(paths, word, wanted, 0);
    else paths_add_file(paths, word);
}

void paths_free(Paths *paths)
{
    for (size_t i = 0; i < paths->count; i++) free(paths->items[i]);
    free(paths->items);
    *paths = (Paths){0};
}
