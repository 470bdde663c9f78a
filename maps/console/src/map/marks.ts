/** Signs of the map, drawn once: the shape carries the meaning, the colour repeats it. */
import type { Palette } from "./palette";

type Draw = (pen: CanvasRenderingContext2D) => void;
const SIZE = 26;
const SCALE = 2;

function paint(pen: CanvasRenderingContext2D, fill: string, stroke: string, width: number): void {
  pen.fillStyle = fill;
  pen.strokeStyle = stroke;
  pen.lineWidth = width;
  pen.fill();
  pen.stroke();
}

function square(fill: string, stroke: string, width: number, half: number): Draw {
  return (pen) => {
    pen.beginPath();
    pen.rect(-half, -half, 2 * half, 2 * half);
    paint(pen, fill, stroke, width);
  };
}

function disc(fill: string, stroke: string, width: number, radius: number): Draw {
  return (pen) => {
    pen.beginPath();
    pen.arc(0, 0, radius, 0, 2 * Math.PI);
    paint(pen, fill, stroke, width);
  };
}

function redLight(colours: Palette): Draw {
  return (pen) => {
    pen.rotate(Math.PI / 4);
    square(colours.red, colours.ring, 2, 7.5)(pen);
    pen.rotate(-Math.PI / 4);
    pen.fillStyle = colours.ring;
    pen.fillRect(-1.2, -5.5, 2.4, 6.6);
    pen.fillRect(-1.2, 2.8, 2.4, 2.4);
  };
}

function amberLight(colours: Palette): Draw {
  return (pen) => {
    pen.beginPath();
    pen.moveTo(0, -8.5);
    pen.lineTo(8.6, 6.5);
    pen.lineTo(-8.6, 6.5);
    pen.closePath();
    paint(pen, colours.amber, colours.ring, 2);
  };
}

function hatch(colours: Palette): Draw {
  return (pen) => {
    pen.strokeStyle = colours.zone;
    pen.lineWidth = 1;
    for (let at = -SIZE; at <= SIZE; at += SIZE / 4) {
      pen.beginPath();
      pen.moveTo(at - SIZE, SIZE);
      pen.lineTo(at + SIZE, -SIZE);
      pen.stroke();
    }
  };
}

/** Return how each sign is drawn, by its name. */
export function signs(colours: Palette): Record<string, Draw> {
  const { skynet, social, ground, ring } = colours;
  return {
    red: redLight(colours),
    amber: amberLight(colours),
    green: disc(colours.green, ring, 2, 5),
    plain: disc(colours.plain, ring, 2, 5),
    skynet: square(skynet, ring, 1, 3.5),
    social: disc(social, ring, 1, 3.6),
    "skynet-off": square(ground, skynet, 1.5, 3.2),
    "social-off": disc(ground, social, 1.5, 3.2),
    hatch: hatch(colours),
  };
}

/** Return the picture of a sign, at twice the size for sharp screens. */
export function drawSign(draw: Draw): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE * SCALE;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  pen.scale(SCALE, SCALE);
  pen.translate(SIZE / 2, SIZE / 2);
  draw(pen);
  return pen.getImageData(0, 0, SIZE * SCALE, SIZE * SCALE);
}
