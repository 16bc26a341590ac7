package dev.culvert.demo;

/** One way of asking whether a sender reaches a pod. */
interface Probe {
    /** The protocol, for the report. */
    String name();

    /** Sends and judges; a failure is an outcome and not an exception. */
    Outcome run(Endpoint sender, Pod receiver);
}
