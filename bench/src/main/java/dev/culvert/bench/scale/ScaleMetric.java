package dev.culvert.bench.scale;

/** What is measured. */
enum ScaleMetric {
    /** Resident memory of the agent, each second of the changes. */
    RSS("rssMiB", "MiB"),
    /** The most that was resident. */
    RSS_PEAK("rssPeakMiB", "MiB"),
    /** The heap in use after each collection during the changes. */
    HEAP("heapMiB", "MiB"),
    /** The heap in use after a full collection at the end. */
    HEAP_LIVE("heapLiveMiB", "MiB"),
    /** The collector's pauses during the changes. */
    GC_PAUSE("gcPauseMillis", "ms"),
    /** From the start of the process until packets go to all nodes. */
    START_TO_FDB("startToFdbCompleteMillis", "ms"),
    /** From the last byte of the list of nodes until packets go to all nodes. */
    FDB_COMPLETE("fdbCompleteMillis", "ms"),
    /** From a change of a Node to the first packet that goes where it says; half take less. */
    EVENT_P50("eventToFdbP50Millis", "ms"),
    /** The same; 99 of 100 take less. */
    EVENT_P99("eventToFdbP99Millis", "ms"),
    /** The same; all take less. */
    EVENT_MAX("eventToFdbMaxMillis", "ms"),
    /** The mean that the agent itself reports, from the receipt of an event. */
    AGENT_MEAN("agentEventToAppliedMeanMillis", "ms"),
    /** Processor time during the changes, of one core. */
    CPU("cpuPercent", "%"),
    /** Processor time from the start until packets go to all nodes. */
    START_CPU("startCpuSeconds", "s");

    private final String label;
    private final String unit;

    ScaleMetric(String label, String unit) {
        this.label = label;
        this.unit = unit;
    }

    String label() {
        return label;
    }

    String unit() {
        return unit;
    }
}
