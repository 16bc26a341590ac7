package dev.culvert.bench.cni;

import java.nio.file.Path;

/**
 * What is to be measured, and with what.
 *
 * @param rounds how often
 * @param pods of each mode in a round
 * @param parallel ADDs at a time where the rate is measured
 * @param agentJar the agent's program
 * @param demoJar the demo's, which has an API server
 * @param executable our CNI executable
 * @param plugins the folder of the others
 */
record CniPlan(
        int rounds,
        int pods,
        int parallel,
        Path agentJar,
        Path demoJar,
        Path executable,
        Path plugins) {}
