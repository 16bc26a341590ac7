/** The Kubernetes API that the demo's agents talk to. */
@NullMarked
package dev.culvert.demo.api;

import org.jspecify.annotations.NullMarked;
