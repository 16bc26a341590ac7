package dev.culvert.agent;

import dev.culvert.agent.cni.AttachmentGate;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.sync.SyncLoop;
import java.io.IOException;
import java.time.Duration;

/** Opens once the sync thread has seen the lease and written its rules. Any thread but that. */
final class RulesGate implements AttachmentGate {
    /** The runtime tries again. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final SyncLoop loop;

    RulesGate(SyncLoop loop) {
        this.loop = loop;
    }

    @Override
    public void await(AddressLease lease) throws IOException {
        loop.awaitRound(PATIENCE);
    }

    @Override
    public void ended(AddressLease lease) {
        loop.requestRound();
    }
}
