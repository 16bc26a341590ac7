package dev.culvert.demo;

import java.util.List;

/** What to type into a demo that was left running. Stateless. */
final class LookAround {
    private LookAround() {}

    /** Prints the commands with the process ids in them. */
    static void print(Plan plan, StateFile state, Report report) {
        List<ProcessIdentity> processes = state.alive();
        long underlay = processes.get(0).pid();
        long node1 = processes.get(1).pid();
        report.heading("It is left running. To look around:");
        report.block(
                """
                # a shell on node1, and one in its first pod
                nsenter -t %1$d -n -m
                nsenter -t %1$d -n -m nsenter --net=/run/netns/pod-1-1
                # what its agent knows
                nsenter -t %1$d -n -m %2$s -jar %3$s status
                # the overlay on the underlay
                nsenter -t %4$d -n -m tshark -n -i br0 -d udp.port==4789,vxlan udp port 4789
                # the logs, and the end of it
                ls %5$s
                ./dev demo --down"""
                        .formatted(
                                node1,
                                KubernetesApi.javaExecutable(),
                                plan.agentJar(),
                                underlay,
                                plan.logs()));
    }
}
