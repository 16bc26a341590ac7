package dev.culvert.overlay;

import java.util.function.Supplier;

/**
 * What the two handlers of one event loop share.
 *
 * @param number 0 for the first
 * @param counters written by this loop only
 * @param forwarding the current snapshot; asked once a batch
 */
record Loop(int number, LoopCounters counters, Supplier<Forwarding> forwarding) {}
