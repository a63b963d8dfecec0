// Makes a photo small before it is sent over a slow network, and keeps what the camera wrote of place and time: the server
// reads that, and throws it away.

const LONGEST = 2000;
const SMALL_ENOUGH = 700 * 1024;

export async function shrunk(file) {
  if (file.size <= SMALL_ENOUGH || !/^image\/(jpeg|png|webp)$/.test(file.type)) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const small = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.85); });
    if (!small || small.size >= file.size) return file;
    const told = file.type === "image/jpeg" ? exifOf(await file.slice(0, 256 * 1024).arrayBuffer()) : null;
    const parts = told ? [small.slice(0, 2), told, small.slice(2)] : [small];
    return new File(parts, file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg", lastModified: file.lastModified });
  } catch {
    return file; // whatever the browser cannot draw goes as it is; the server looks at it
  }
}

// The Exif segment (APP1) of a JPEG, with the picture said to stand upright: it was turned when it was drawn.
function exifOf(buffer) {
  const view = new DataView(buffer);
  for (let at = 2; at + 10 < view.byteLength && view.getUint8(at) === 0xff;) {
    const [kind, size] = [view.getUint8(at + 1), view.getUint16(at + 2)];
    if (kind === 0xda) return null;
    if (kind === 0xe1 && view.getUint32(at + 4) === 0x45786966 && at + 2 + size <= view.byteLength) {
      const segment = buffer.slice(at, at + 2 + size);
      upright(new DataView(segment, 10));
      return segment;
    }
    at += 2 + size;
  }
  return null;
}

function upright(tiff) {
  const little = tiff.getUint16(0) === 0x4949;
  const start = tiff.getUint32(4, little);
  const entries = tiff.getUint16(start, little);
  for (let n = 0; n < entries; n += 1) {
    const at = start + 2 + n * 12;
    if (tiff.getUint16(at, little) === 0x0112) tiff.setUint16(at + 8, 1, little);
  }
}
