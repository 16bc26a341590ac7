package dev.culvert.bench.path;

import java.util.List;

/**
 * What is to be measured.
 *
 * @param modes what carries the packets, each in turn
 * @param underlays the networks between the nodes, each in turn
 * @param runs the kinds of run
 * @param rounds how often each is made
 * @param seconds how long one takes
 * @param loadMegabits what the connection beside the requests under load sends, in Mbit/s
 * @param loops event loops of each process of Culvert
 * @param jvmOptions further options of its virtual machine
 */
record Plan(
        List<Mode> modes,
        List<Underlay> underlays,
        List<Run> runs,
        int rounds,
        int seconds,
        int loadMegabits,
        int loops,
        List<String> jvmOptions) {}
