/* option_table.h - the rows of options.def. */
#pragma once
#include "cli/options.h"

typedef enum { OPERANDS_NONE, OPERANDS_ONE, OPERANDS_MANY, OPERANDS_WORD } Operands;

typedef struct CommandDef {
    Action action;
    char letter;
    Operands operands;
    const char *name, *shown, *summary, *more;
} CommandDef;

typedef struct OptionDef {
    const char *brief, *name; // "": it has none
    const char *value;        // "": it takes none
    const char *where;        // letters of commands
    bool last;
    bool (*set)(Options *o, const char *value);
    const char *help;         // "": not shown
} OptionDef;

/* Both end with a row of NULLs. */
extern const CommandDef option_commands[];
extern const OptionDef option_rows[];

/* NULL: there is none of that name. */
const CommandDef *option_find_command(const char *name);
/* The name it goes by: the long one if it has one. */
static inline const char *option_name(const OptionDef *o) { return o->name[0] ? o->name : o->brief; }
