package dev.culvert.agent.cni;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A version of the CNI specification that Culvert speaks, the oldest first. Immutable. */
enum CniVersion {
    V0_3_1("0.3.1"),
    V0_4_0("0.4.0"),
    V1_0_0("1.0.0"),
    V1_1_0("1.1.0");

    private final String text;

    CniVersion(String text) {
        this.text = text;
    }

    static Optional<CniVersion> of(String text) {
        return Arrays.stream(values()).filter(each -> each.text.equals(text)).findFirst();
    }

    static CniVersion newest() {
        return V1_1_0;
    }

    static List<String> texts() {
        return Arrays.stream(values()).map(CniVersion::toString).toList();
    }

    /** Whether addresses in a result say of which family they are. */
    boolean namesAddressFamily() {
        return compareTo(V1_0_0) < 0;
    }

    /** Whether interfaces and routes in a result carry their MTU. */
    boolean hasMtu() {
        return this == V1_1_0;
    }

    @Override
    public String toString() {
        return text;
    }
}
