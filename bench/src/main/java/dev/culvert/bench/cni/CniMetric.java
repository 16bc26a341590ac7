package dev.culvert.bench.cni;

/** What is measured. */
enum CniMetric {
    /** Half of the ADDs, one after the other, took less. */
    ADD_P50("addP50Millis", "ms"),
    /** 99 of 100 took less. */
    ADD_P99("addP99Millis", "ms"),
    /** ADDs with several at a time. */
    ADD_RATE("addPerSecond", "1/s"),
    /** Half of the DELs, one after the other, took less. */
    DEL_P50("delP50Millis", "ms"),
    /** 99 of 100 took less. */
    DEL_P99("delP99Millis", "ms");

    private final String label;
    private final String unit;

    CniMetric(String label, String unit) {
        this.label = label;
        this.unit = unit;
    }

    /** Its name in tables and files. */
    String label() {
        return label;
    }

    /** The unit of its values. */
    String unit() {
        return unit;
    }
}
