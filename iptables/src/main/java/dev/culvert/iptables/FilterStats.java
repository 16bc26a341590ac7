package dev.culvert.iptables;

/**
 * What the driver did since it was made. Immutable, any thread.
 *
 * @param reads runs of a program that prints rules or sets
 * @param writes runs of a program that changes rules or sets
 * @param failures runs that ended with an error
 * @param lines lines that were written and taken
 * @param repairs chains and sets that were found other than they were left
 */
public record FilterStats(long reads, long writes, long failures, long lines, long repairs) {}
