package dev.culvert.agent.sync;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** Settings that remember what they were set to, and so know who changed one. One thread. */
final class WatchedSettings implements KernelSettings {
    private final KernelSettings settings;
    private final Repairs repairs;
    private final Map<String, String> ensured = new HashMap<>();

    WatchedSettings(KernelSettings settings, Repairs repairs) {
        this.settings = settings;
        this.repairs = repairs;
    }

    @Override
    public boolean exists(String path) {
        return settings.exists(path);
    }

    @Override
    public String value(String path) throws IOException {
        return settings.value(path);
    }

    @Override
    public void ensure(String path, String value) throws IOException {
        boolean known = value.equals(ensured.get(path));
        boolean foreign = known && !settings.value(path).equals(value);
        settings.ensure(path, value);
        ensured.put(path, value);
        if (foreign) {
            repairs.add(RepairKind.SYSCTL, path);
        }
    }

    /** A device of this name was made anew, and so were its settings. */
    void deviceIsNew(String name) {
        ensured.keySet().removeIf(path -> path.contains("/conf/" + name + "/"));
    }
}
