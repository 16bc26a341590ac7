package dev.culvert.bench.policy;

import dev.culvert.iptables.IptablesMode;

/**
 * What is measured. Immutable.
 *
 * @param policies in the cluster, over all namespaces
 * @param pods in the cluster
 * @param ownPods of them on the node
 * @param podChanges a second
 * @param warmUpSeconds how long it changes before, until the compiler has done its work
 * @param seconds how long the cluster changes
 * @param rounds how often each set of rules is measured with packets; 0 for not at all
 * @param trips round trips in each of these
 * @param mode which variant of iptables
 */
record PolicyPlan(
        int policies,
        int pods,
        int ownPods,
        int podChanges,
        int warmUpSeconds,
        int seconds,
        int rounds,
        int trips,
        IptablesMode mode) {}
