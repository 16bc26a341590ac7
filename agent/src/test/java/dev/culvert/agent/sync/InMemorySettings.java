package dev.culvert.agent.sync;

import java.util.Map;
import java.util.TreeMap;

/** The kernel's settings, all there but those of br_netfilter. One thread. */
final class InMemorySettings implements KernelSettings {
    final Map<String, String> values = new TreeMap<>();
    private final String unset;

    /**
     * Nothing was written yet.
     *
     * @param unset what a file has that nobody wrote
     */
    InMemorySettings(String unset) {
        this.unset = unset;
    }

    @Override
    public boolean exists(String path) {
        return !path.contains("bridge-nf");
    }

    @Override
    public String value(String path) {
        return values.getOrDefault(path, unset);
    }

    @Override
    public void ensure(String path, String value) {
        values.put(path, value);
    }
}
