package dev.culvert.demo;

import dev.culvert.agent.kube.KubeAssets;
import java.nio.file.Path;

/** Starts etcd and kube-apiserver in the underlay, in its own /run. Stateless. */
final class KubeApiserver {
    private static final Path FOLDER = Path.of("/run/demo");
    private static final KubeAssets.Layout LAYOUT =
            new KubeAssets.Layout(FOLDER, Plan.API_ADDRESS, Plan.API_PORT, 2379, 2380);

    private KubeApiserver() {}

    /** Starts both; kube-apiserver itself waits for etcd. */
    static LoggedProcess start(
            KubeAssets assets, NodeHolder underlay, ChildProcesses children, Path logs)
            throws DemoException {
        underlay.write(FOLDER + "/tokens.csv", KubeAssets.tokens());
        underlay.write(FOLDER + "/service-account.pem", KubeAssets.serviceAccountKey());
        LoggedProcess.start(underlay, children, logs.resolve("etcd.log"), assets.etcd(LAYOUT));
        Path log = logs.resolve("kubernetes-api.log");
        return LoggedProcess.start(underlay, children, log, assets.apiserver(LAYOUT));
    }
}
