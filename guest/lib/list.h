/* Everything that a file or a folder of /proc and /sys names, a word each. */
#ifndef LIST_H
#define LIST_H

#include "probe.h"

const char *as_word(const char *name); /* "Lazy-Free (x)" → "lazy_free_x"; cut to what a word may be */
void see_keys(const char *path);       /* the first word of each line: "there" */
void see_entries(const char *folder, bool (*has_value)(const char *name)); /* files: their first word, or "there" */

#endif
