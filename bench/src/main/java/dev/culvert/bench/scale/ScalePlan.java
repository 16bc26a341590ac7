package dev.culvert.bench.scale;

import java.nio.file.Path;
import java.util.List;

/**
 * What is to be simulated.
 *
 * @param agent the agent's jar
 * @param cni the CNI executable
 * @param nodes in the cluster, the agent's included
 * @param pods in the cluster
 * @param ownPods of these on the agent's node; they are attached
 * @param starts how often the agent is started; the changes come after the last
 * @param seconds how long they go on
 * @param nodeChanges changes of nodes a second
 * @param podChanges changes of pods a second
 * @param clusterCidrs whether the agent is told the range of all pods
 * @param jvmOptions of the agent's virtual machine
 */
record ScalePlan(
        Path agent,
        Path cni,
        int nodes,
        int pods,
        int ownPods,
        int starts,
        int seconds,
        int nodeChanges,
        int podChanges,
        boolean clusterCidrs,
        List<String> jvmOptions) {}
