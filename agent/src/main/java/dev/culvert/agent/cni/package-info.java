/**
 * Serves CNI calls over the unix socket: framing, requests, results and the verbs.
 *
 * @see <a href="https://www.cni.dev/docs/spec/">Container Network Interface specification</a>
 */
@NullMarked
package dev.culvert.agent.cni;

import org.jspecify.annotations.NullMarked;
