package dev.culvert.agent;

import dev.culvert.agent.cni.AttachmentGate;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.sync.PolicyProgress;
import dev.culvert.agent.sync.SyncLoop;
import java.io.IOException;
import java.time.Duration;

/** Opens once the sync thread has seen the lease and written its rules. Any thread but that. */
final class RulesGate implements AttachmentGate {
    /** The runtime tries again. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final SyncLoop loop;
    private final PolicyProgress policies;

    RulesGate(SyncLoop loop, PolicyProgress policies) {
        this.loop = loop;
        this.policies = policies;
    }

    @Override
    public void await(AddressLease lease) throws IOException {
        long begin = System.nanoTime();
        loop.awaitRound(PATIENCE);
        try {
            Duration left = PATIENCE.minusNanos(System.nanoTime() - begin);
            String missing = policies.await(lease.pod(), left);
            if (!missing.isEmpty()) {
                throw new IOException(missing);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the agent is being stopped", e);
        }
    }

    @Override
    public void ended(AddressLease lease) {
        loop.requestRound();
    }
}
