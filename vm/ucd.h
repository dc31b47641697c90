/* ucd.h - the Unicode character database: what is asked seldom, beyond what text methods ask (unitables.h).
 *
 * It lies deflated in the binary, in two parts made at build time from python3's unicodedata
 * (tools/ucd.py), so both agree on the version; a part is opened by who asks it first, takes about a
 * millisecond and 0.6 (properties) or 1.2 MB (names), and may then be read by any thread. Functions that
 * open answer NULL when memory is out. Code points are uint32_t; what is beyond the last one has no
 * properties.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

//-- properties -----------------------------------------------------------------------------------------

typedef struct Ucd Ucd;

Ucd *ucd_open(void);
void ucd_close(Ucd *u); // NULL is allowed

typedef struct UcdRecord {
    const char *category, *bidirectional, *width; // "Lu", "L" or "", "Na"
    bool mirrored;
    uint8_t combining; // canonical combining class
} UcdRecord;

/* How a character decomposes, one step. Hangul syllables, which do so by rule, have no mapping. */
typedef struct UcdMapping {
    const char *tag; // "<compat>" ...; "" of a canonical one
    const uint32_t *codes;
    uint32_t count;
} UcdMapping;

UcdRecord ucd_record(const Ucd *u, uint32_t code);
bool ucd_mapping(const Ucd *u, uint32_t code, UcdMapping *mapping); // false: it decomposes into nothing else
bool ucd_numeric(const Ucd *u, uint32_t code, double *value);       // false: it has no value
const char *ucd_version(void);

//-- normalization forms (Unicode Standard Annex 15) ----------------------------------------------------

typedef enum UcdForm { UCD_NFC, UCD_NFD, UCD_NFKC, UCD_NFKD } UcdForm;

/* A text of such characters is in `form` already, and no other character changes across one, or it.
 * (Others may be too.) */
bool ucd_is_inert(UcdForm form, uint32_t code);

/* The text in `form`, malloc'd, and its length. NULL: memory is out. */
uint32_t *ucd_normalize(const Ucd *u, UcdForm form, const uint32_t *codes, size_t count, size_t *length);

//-- names ----------------------------------------------------------------------------------------------

typedef struct UcdNames UcdNames;
enum { UCD_NAME_MAX = 88 }; // bytes of the longest name

UcdNames *ucd_names_open(void);
void ucd_names_close(UcdNames *n); // NULL is allowed

/* Writes the name of `code`, all of it ASCII, and answers its length; 0: it has none. */
size_t ucd_name(const UcdNames *n, uint32_t code, char out[UCD_NAME_MAX]);

/* The code point of that name ("GREEK SMALL LETTER ALPHA", second names too), or -1. As in CPython, only
 * the names that are listed, not those by rule, may be in lower case. */
int32_t ucd_lookup(const UcdNames *n, const char *name, size_t len);
