package dev.culvert.agent.sync;

import java.io.IOException;

/** The files below {@code /proc/sys}: a seam for tests. */
interface KernelSettings {

    /** Whether this kernel has it. */
    boolean exists(String path);

    /** What it is now. */
    String value(String path) throws IOException;

    /** Writes it where it has another value; {@code path} is like {@code net/ipv4/ip_forward}. */
    void ensure(String path, String value) throws IOException;
}
