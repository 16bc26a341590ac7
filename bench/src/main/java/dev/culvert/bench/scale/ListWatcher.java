package dev.culvert.bench.scale;

import dev.culvert.bench.scale.api.ApiServer;

/** Notes when the list of nodes was sent whole. Any thread. */
final class ListWatcher implements ApiServer.Listener {
    private volatile long nodesSent;

    @Override
    public void sending(String plural, boolean last) {}

    @Override
    public void sent(String plural, boolean last) {
        if (last && plural.equals("nodes") && nodesSent == 0) {
            nodesSent = System.nanoTime();
        }
    }

    /** When that was for the first time, as of {@link System#nanoTime}; 0 while it was not. */
    long nodesSent() {
        return nodesSent;
    }
}
