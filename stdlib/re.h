/* re.h - patterns and matches, shared by _re.c (patterns), re_match.c (matches) and re_walk.c (all matches of a text).
 *
 * Everything counts bytes inside; what scripts see are code points. re/_translate.co says a pattern twice
 * in PCRE2's words: for ASCII (and bytes), which is matched byte by byte, and for other text; each is
 * compiled when first needed.
 */
#pragma once
#include "stdlib/pcre.h"
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/native.h"

/* What a Pattern's NativeData.data is. */
typedef struct Program {
    Pcre *pcre;
    struct {
        PcreCode *code; // NULL until needed
        PcreMatch *match;
        size_t run;     // bytes matched so far, until it is compiled to machine code
        bool quick;     // it was, or cannot be
        bool stretched; // the match data may hold much memory
    } as[2];            // narrow, wide
    uint32_t flags, groups;
    uint32_t parents[]; // of each group: the group it lies in
} Program;

/* A Pattern's values: the source, and a tuple of these. */
enum { PART_INDEX, PART_NARROW, PART_WIDE, PARTS }; // {name: group}; texts or None
static inline bool is_pattern(VM *vm, Value v) { return is_ptr(v) && type_of(vm, v) == stdlib(vm)->pattern_type; }
static inline NativeData *data_of(Value v) { return (NativeData *)as_obj(v); }
static inline Program *program_of(Value pattern) { return data_of(pattern)->data; }
static inline Value pattern_part(Value pattern, int part) { return as_tuple(data_of(pattern)->values[1])->items[part]; }

/* A text being matched. data is read again (subject_refresh) after scripts ran. */
typedef struct Subject {
    Value object;
    const char *data;
    size_t size;           // bytes up to endpos
    size_t pos, endpos;    // as scripts count
    size_t start;          // pos in bytes
    bool is_str, wide;     // wide: not ASCII
} Subject;
/* Checks that object is what the pattern is for; endpos may be UNSET. */
bool subject_init(VM *vm, Subject *s, Value pattern, Value object, Value pos, Value endpos);
void subject_refresh(Subject *s);
/* Bytes [from, to) of it as str or bytes. */
Value subject_slice(VM *vm, const Subject *s, size_t from, size_t to);

/* Find a match from byte `from` on: 1, 0, or -1 with an exception. *at: where each group begins and ends,
 * valid until the next run of the pattern. */
int pattern_run(VM *vm, Value pattern, const Subject *s, size_t from, uint32_t options, const size_t **at);

typedef struct Match {
    NativeData d;            // values: the pattern, the text
    size_t pos, endpos;      // as scripts count
    size_t base, base_chars; // a place in the text: its bytes and code points
    uint32_t groups;         // with group 0
    uint32_t last;           // the group that was closed last; 0: none
    size_t at[];             // begin and end of each group, or PCRE_UNSET
} Match;
Value match_new(VM *vm, Value pattern, const Subject *s, const size_t *at, size_t base, size_t base_chars);
extern const TypeDef match_def;

extern const TypeDef matches_def; // what finditer answers
Value nat_findall(VM *vm, Args args);
Value nat_finditer(VM *vm, Args args);
Value nat_split(VM *vm, Args args);
Value nat_sub(VM *vm, Args args);
Value nat_subn(VM *vm, Args args);

/* The parts of a replacement (re._parts): the empty tuple, texts and numbers of groups. May call; answers a Tuple. */
Value replacement_parts(VM *vm, Value pattern, Value replacement);
bool replacement_add(VM *vm, StrBuilder *b, const Tuple *parts, const Subject *s, const size_t *at);
/* The str or bytes that was built. */
Value joined_finish(VM *vm, StrBuilder *b, bool is_str);
