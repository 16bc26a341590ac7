package dev.culvert.demo;

import java.util.List;

/** The lines of {@code /proc/PID/status}. Immutable. */
record ContainerMemory(List<String> lines) {
    private static final double KIBIBYTE = 1024;

    ContainerMemory {
        lines = List.copyOf(lines);
    }

    /** The value of a member in MB, for example of {@code VmRSS}. */
    double megabytes(String member) {
        for (String line : lines) {
            if (line.startsWith(member + ":")) {
                String number = line.substring(member.length() + 1).strip().split(" ", -1)[0];
                return Double.parseDouble(number) * KIBIBYTE / 1e6;
            }
        }
        throw new IllegalArgumentException("the kernel tells no " + member);
    }
}
