package dev.culvert.agent;

import dev.culvert.agent.cni.CniService;
import dev.culvert.agent.install.KeptInstallation;
import dev.culvert.agent.kube.NodeWatch;
import dev.culvert.agent.kube.PeerFile;
import dev.culvert.agent.kube.PodWatch;
import dev.culvert.agent.kube.PolicyWatches;
import dev.culvert.agent.kube.VtepPublisher;
import dev.culvert.agent.sync.NodeSynchronization;
import dev.culvert.linux.route.LinkMonitor;

/** The parts of an agent that have something to tell. Any thread may ask them. */
record AgentParts(
        NodeSynchronization node,
        NodeWatch nodes,
        PodWatch pods,
        PolicyWatches policies,
        PeerFile peers,
        LinkMonitor monitor,
        VtepPublisher publisher,
        CniService cni,
        KeptInstallation files) {}
