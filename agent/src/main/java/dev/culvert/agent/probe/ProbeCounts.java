package dev.culvert.agent.probe;

/**
 * How probes ended so far. Immutable.
 *
 * @param answered in time
 * @param lost not answered in time
 * @param failed not sent, since the kernel refused it
 */
public record ProbeCounts(long answered, long lost, long failed) {}
