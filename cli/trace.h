/* trace.h - co trace: one recorder, a model of what it recorded, several ways to draw it.
 *
 * While the program runs, trace_record.c notes what the scheduler's event hook and the host tell it, in a few words
 * per event. At the end trace_model.c makes lanes and spans of that; the renderers know nothing but the model.
 */
#pragma once
#include "lang/arena.h"
#include "lang/text.h"
#include "vm/vm.h"

/* ---- the model ----------------------------------------------------------------------------------- */

enum { NO_LANE = -1, NO_SOURCE = -1 };

typedef enum {
    SPAN_RUN,   // the task had the CPU
    SPAN_WAIT,  // it waited for something, others could run
    SPAN_READY, // it could have run, and others did
    SPAN_BLOCK, // time.sleep: it waited, and nobody could run
    SPAN_KINDS
} SpanKind;

typedef struct TraceSpan {
    int64_t from, to;  // ns since the start, or steps (TraceRun.by_steps)
    const char *label; // of a wait: what for ("sleep 3 s"); else ""
    int target;        // lane of the task waited for, or NO_LANE
    uint32_t line;     // where it stands; 0: unknown
    uint32_t step;     // how many steps had begun, of all tasks: tells what came first at the same time
    int16_t source;    // index into TraceRun.sources of that line's file, or NO_SOURCE
    uint8_t kind;      // SpanKind
} TraceSpan;

typedef enum { LANE_ALIVE, LANE_DONE, LANE_FAILED, LANE_CANCELLED } LaneEnd;

typedef struct TraceLane {
    const char *name;   // the task's: "Task-2", or what the program called it
    const char *call;   // "handle_client(1, 3)"; the script's file for the main one
    bool named;         // by the program
    int parent;         // lane of the task that made it, or NO_LANE
    int64_t born, died;
    LaneEnd end;
    TraceSpan *spans;   // in order, without gaps from birth to death
    size_t n, capacity;
    int64_t total[SPAN_KINDS];
} TraceLane;

typedef struct TraceOutput {
    int64_t when;
    uint32_t step;      // as TraceSpan's
    int lane;           // who printed it, or NO_LANE
    const char *text;   // one line, without its end
} TraceOutput;

typedef struct TraceSource {
    const char *name, *text;
    size_t size;
} TraceSource;

typedef struct TraceRun {
    const char *title;  // the file's name
    TraceLane *lanes;   // of the script's own body, then of the tasks in order of creation
    size_t nlanes;
    size_t first;       // 1 when the script has done nothing itself worth a lane
    TraceOutput *outputs;
    size_t noutputs;
    TraceSource *sources;
    size_t nsources;
    int64_t end;        // in the unit of the spans
    int64_t total;      // ns, whatever the unit
    bool by_steps;      // no time to speak of has passed: drawn step by step
    bool cut;           // the log was full: the end of the run is missing
    size_t more_tasks;  // that were not followed
    Arena arena;        // holds all of it
} TraceRun;

/* What a lane is called in one word, and what may stand beside it in small ("" when there is nothing to add). */
const char *trace_lane_title(const TraceLane *lane);
const char *trace_lane_detail(const TraceLane *lane);
/* How it ended, in a word: "ends", "fails" ... */
const char *trace_lane_end(const TraceLane *lane);
/* Is it the task's first run, so that it starts rather than goes on? */
bool trace_is_start(const TraceLane *lane, size_t span);
/* n in units of 10 to the -places: (1250, 3) is "1.25". Pictures are made of numbers, and printf takes its time. */
void trace_add_decimal(TextBuffer *out, int64_t n, int places);
/* Text as XML and HTML have it. */
void trace_add_xml(TextBuffer *out, const char *text, size_t len);
/* "text" with its quotes, as JSON and JavaScript in a page have it. */
void trace_add_json(TextBuffer *out, const char *text, size_t len);
/* "1.5 s", "20 ms", "3 µs" into text; three digits. */
enum { DURATION_TEXT = 24 };
const char *trace_duration(char text[DURATION_TEXT], int64_t ns);
/* The same of a position in the run: a duration, or "step 4". */
const char *trace_position(char text[DURATION_TEXT], const TraceRun *run, int64_t at, Language language);
/* Where marks are put on an axis that ends at `end`: the distance of about `wanted` round ones. */
int64_t trace_tick(int64_t end, int wanted, bool by_steps);
const char *trace_span_name(SpanKind kind); // "runs", "waits" ...
/* Line `line` of a source, without indentation and end; "" with *size 0 when unknown. */
const char *trace_source_line(const TraceRun *run, const TraceSpan *span, size_t *size);

/* ---- recording ----------------------------------------------------------------------------------- */

typedef struct Recorder Recorder;

/* How much is recorded. Beyond it the program runs on at its usual speed. */
typedef struct TraceLimits {
    size_t tasks; // that are followed; of the others there are only "so many more"
    size_t words; // of the log; a step takes four or five
} TraceLimits;

/* Listens from now on: vm has not run anything yet. NULL: out of memory. */
Recorder *recorder_start(VM *vm, TraceLimits limits);
/* Stops listening and makes the model; the VM must still stand. False: out of memory. */
bool recorder_finish(Recorder *r, const char *title, TraceRun *out);
/* The model of what has happened so far, while the recorder listens on. */
bool recorder_look(Recorder *r, const char *title, TraceRun *out);
void trace_run_free(TraceRun *run);

/* ---- drawing: one run, or two to compare on the same scale --------------------------------------- */

typedef struct TraceStyle { // of the terminal
    int columns;
    bool colors;
    bool lanes_only; // no title and no steps in words: the run goes on
    Language language;
} TraceStyle;

void trace_draw_terminal(TextBuffer *out, const TraceRun *runs, size_t n, const TraceStyle *style);
void trace_draw_svg(TextBuffer *out, const TraceRun *runs, size_t n, const TraceStyle *style);
void trace_draw_html(TextBuffer *out, const TraceRun *runs, size_t n, const TraceStyle *style);
void trace_draw_json(TextBuffer *out, const TraceRun *runs, size_t n, const TraceStyle *style);
