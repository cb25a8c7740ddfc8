#ifndef EK_CLONES_H
#define EK_CLONES_H

/// The function once for each of these instruction sets; the machine's best is chosen when the program starts.
#if defined(__x86_64__)
#define EK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EK_CLONES
#endif

#endif
