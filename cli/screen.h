/* screen.h - one terminal shared by the input and by whatever runs meanwhile. It stands in front of the real host: what
 * the program writes while the input is shown appears above it, and the input is drawn again below, all in one write.
 */
#pragma once
#include "cli/hosts.h"
#include "cli/terminal.h"
#include "cli/view.h"

typedef struct Screen {
    Host front; // the VM's host; first, so that a Host * of it is a Screen *
    Host *real;
    Terminal terminal;
    View view;
    bool shown;         // the input stands on the screen
    bool ours[3];       // which of the standard descriptors show on it
    Scene scene;        // what is shown: borrowed from the prompt
    TextBuffer partial; // the line above the input that the program has not ended yet
    TextBuffer out;
    bool mid_line; // the program's last line, written while there was no input, has no end
} Screen;

/* False: the terminal cannot be used. */
bool screen_open(Screen *s, Host *real, bool colors);
void screen_close(Screen *s); // not the real host
void screen_show(Screen *s, const Scene *scene);
/* The input is done: it stays on the screen, whole, with the cursor below it. */
void screen_leave(Screen *s, const Scene *scene);
/* Away with the input (the program is about to be stopped, or the screen cleared). */
void screen_hide(Screen *s);
void screen_clear(Screen *s);
/* Away with it, and what the program writes now goes on where it stopped. */
void screen_rest(Screen *s);
/* The terminal's size may have changed. */
void screen_resized(Screen *s);
