/**
 * NetworkPolicy: what the policies mean, who may speak to whom, and the rules and sets that enforce
 * it. Knows neither Kubernetes' client nor the kernel.
 */
@NullMarked
package dev.culvert.agent.policy;

import org.jspecify.annotations.NullMarked;
