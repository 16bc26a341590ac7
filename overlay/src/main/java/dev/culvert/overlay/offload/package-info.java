/** Cuts super-packets into segments and puts segments together again, without copying payload. */
@NullMarked
package dev.culvert.overlay.offload;

import org.jspecify.annotations.NullMarked;
